use std::sync::Mutex;

use ports::memory::MemoryLeadership;
use tokio::time::sleep;

use super::*;

/// Writes down what happens to it.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    async fn says(&self, line: &str) {
        while !self.lines().iter().any(|known| known == line) {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

#[async_trait]
impl Duty for Diary {
    async fn serve(&mut self, term: &Term, mut drain: watch::Receiver<bool>) {
        self.note(format!("{} begins term {}", term.leader, term.number));
        let _ = drain.wait_for(|drain| *drain).await;
        self.note(format!("{} ends term {}", term.leader, term.number));
    }
}

/// Answers nobody while it is away.
#[derive(Default)]
struct Store {
    inner: MemoryLeadership,
    is_away: Mutex<bool>,
}

#[async_trait]
impl Leadership for Store {
    async fn campaign(
        &self,
        office: &str,
        candidate: &str,
        ttl_ms: u64,
    ) -> Result<Option<Term>, PortError> {
        if *self.is_away.lock().unwrap() {
            return Err(PortError::new("standing for office", "nobody answers"));
        }
        self.inner.campaign(office, candidate, ttl_ms).await
    }

    async fn resign(&self, term: &Term) -> Result<(), PortError> {
        self.inner.resign(term).await
    }
}

fn lead(store: &Arc<Store>, name: &str, diary: &Diary) -> watch::Sender<bool> {
    let (drain, drains) = watch::channel(false);
    let candidate = Candidate::new(Arc::clone(store) as Arc<dyn Leadership>, name);
    tokio::spawn(candidate.lead("test", diary.clone(), drains));
    drain
}

#[tokio::test(start_paused = true)]
async fn who_drains_makes_room_for_the_next_one() {
    let (store, diary) = (Arc::default(), Diary::default());
    let one = lead(&store, "one", &diary);
    diary.says("one begins term 1").await;
    let _other = lead(&store, "other", &diary);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(diary.lines(), ["one begins term 1"]);
    one.send_replace(true);
    diary.says("other begins term 2").await;
    assert_eq!(diary.lines(), ["one begins term 1", "one ends term 1", "other begins term 2"]);
}

#[tokio::test(start_paused = true)]
async fn who_lost_the_office_stops_and_may_win_it_again() {
    let (store, diary): (Arc<Store>, _) = (Arc::default(), Diary::default());
    let _one = lead(&store, "one", &diary);
    diary.says("one begins term 1").await;
    let lost = Term { office: "test".to_owned(), leader: "one".to_owned(), number: 1 };
    store.resign(&lost).await.unwrap();
    let usurper = store.campaign("test", "usurper", 600_000).await.unwrap().expect("it is free");
    diary.says("one ends term 1").await;
    store.resign(&usurper).await.unwrap();
    diary.says("one begins term 3").await;
}

#[tokio::test(start_paused = true)]
async fn a_leader_goes_on_while_the_store_does_not_answer() {
    let (store, diary): (Arc<Store>, _) = (Arc::default(), Diary::default());
    let _one = lead(&store, "one", &diary);
    diary.says("one begins term 1").await;
    *store.is_away.lock().unwrap() = true;
    sleep(Duration::from_secs(60)).await;
    assert_eq!(diary.lines(), ["one begins term 1"]);
}
