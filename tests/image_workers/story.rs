//! What the log tells of the pictures, and who made them.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::cluster::Installation;
use crate::deeds::{self, Deed};

/// So many pictures a worker has in hand at a time, unless it is told otherwise.
const IN_HAND_MAX: usize = 5;

/// What was done about each task, in order.
pub(crate) struct Story(BTreeMap<String, Vec<Deed>>);

impl Story {
    pub(crate) fn of(installation: &Installation) -> Self {
        Self::from_iter(deeds::deeds(installation, "image"))
    }

    /// Every task came to its end, once, with each of its variants, and there are no others.
    pub(crate) fn assert_each_was_made_once(&self, paths: &[String]) {
        let asked: BTreeSet<_> = paths.iter().filter_map(|path| path.rsplit('/').next()).collect();
        let told: BTreeSet<_> = self.0.keys().map(String::as_str).collect();
        assert_eq!(asked, told, "the tasks of the log are those that were asked for");
        for (task, deeds) in &self.0 {
            let count = |kind: &str| deeds.iter().filter(|deed| deed.kind == kind).count();
            let counted = ["submitted", "variant_produced", "completed"].map(count);
            assert_eq!(counted, [1, 2, 1], "{task}: {deeds:?}");
            // An attempt that came to no end is closed by whoever begins the next one.
            let (begun, failed) = (count("processing_started"), count("attempt_failed"));
            assert_eq!(failed + 1, begun, "{task}: {deeds:?}");
            assert_eq!(
                deeds.len(),
                begun + failed + 4,
                "nothing else happened to {task}: {deeds:?}"
            );
            assert_eq!(deeds.last().map(|deed| deed.kind.as_str()), Some("completed"), "{task}");
        }
    }

    /// Tasks were begun once, but for what the `victim` had in hand when it was killed.
    pub(crate) fn assert_only_what_was_in_hand_was_begun_anew(&self, victim: &str) {
        let begun = |deeds: &'_ [Deed]| -> Vec<String> {
            let begun = deeds.iter().filter(|deed| deed.kind == "processing_started");
            begun.map(|deed| deed.actor.clone()).collect()
        };
        let anew: Vec<_> =
            self.0.values().map(|deeds| begun(deeds)).filter(|begun| begun.len() != 1).collect();
        for begun in &anew {
            assert_eq!(begun.len(), 2, "nobody needs a third: {begun:?}");
            assert_eq!(begun[0], victim, "others give nothing up: {begun:?}");
        }
        assert!((1..=IN_HAND_MAX).contains(&anew.len()), "{anew:?}");
    }

    /// Whoever was killed early may have begun pictures and made none.
    pub(crate) fn assert_all_took_part(&self, workers: &[&str]) {
        let deeds = self.0.values().flatten();
        let begun = deeds.filter(|deed| deed.kind == "processing_started");
        let took_part: BTreeSet<_> = begun.map(|deed| deed.actor.as_str()).collect();
        assert_eq!(took_part.into_iter().collect::<Vec<_>>(), workers, "{}", self.shares());
    }

    /// `worker-1 made 20, worker-2 made 40`
    pub(crate) fn shares(&self) -> String {
        let shares = self.by_worker();
        let shares: Vec<_> =
            shares.iter().map(|(worker, count)| format!("{worker} made {count}")).collect();
        shares.join(", ")
    }

    fn by_worker(&self) -> BTreeMap<String, usize> {
        let ends = self.0.values().flatten().filter(|deed| deed.kind == "completed");
        ends.fold(BTreeMap::new(), |mut shares, end| {
            *shares.entry(end.actor.clone()).or_default() += 1;
            shares
        })
    }
}

impl FromIterator<Deed> for Story {
    fn from_iter<I: IntoIterator<Item = Deed>>(deeds: I) -> Self {
        let mut story = BTreeMap::<_, Vec<Deed>>::new();
        for deed in deeds {
            story.entry(deed.subject.clone()).or_default().push(deed);
        }
        Self(story)
    }
}

mod tests {
    use super::*;

    fn deeds(told: &[(&str, &str)]) -> Story {
        let deed = |(kind, actor): &(&str, &str)| Deed {
            subject: "a-task".to_owned(),
            kind: (*kind).to_owned(),
            actor: (*actor).to_owned(),
        };
        told.iter().map(deed).collect()
    }

    const MADE: [(&str, &str); 4] = [
        ("processing_started", "b"),
        ("variant_produced", "b"),
        ("variant_produced", "b"),
        ("completed", "b"),
    ];

    #[test]
    fn what_is_made_once_is_well() {
        let story = deeds(&[&[("submitted", "")][..], &MADE].concat());
        story.assert_each_was_made_once(&["/v1/images/a-task".to_owned()]);
    }

    #[test]
    #[should_panic(expected = "a-task")]
    fn what_is_made_twice_would_be_seen() {
        let story = deeds(&[&[("submitted", "")][..], &MADE, &MADE].concat());
        story.assert_each_was_made_once(&["/v1/images/a-task".to_owned()]);
    }

    #[test]
    #[should_panic(expected = "those that were asked for")]
    fn what_is_lost_would_be_seen() {
        deeds(&[]).assert_each_was_made_once(&["/v1/images/a-task".to_owned()]);
    }

    #[test]
    #[should_panic(expected = "others give nothing up")]
    fn what_was_taken_from_the_living_would_be_seen() {
        let story = deeds(&[&[("processing_started", "c")][..], &MADE].concat());
        story.assert_only_what_was_in_hand_was_begun_anew("a");
    }
}
