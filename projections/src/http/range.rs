//! Which part of a file a client asks for (RFC 9110, section 14): one range; of several, all of the file.

use std::ops::Range;

/// What `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it, also when the header makes no sense: it may be ignored.
    Whole,
    Bytes(Range<usize>),
    /// Nothing of it is there.
    Outside,
}

pub(super) fn part(header: Option<&str>, length: usize) -> Part {
    let Some(spec) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return Part::Whole;
    };
    let Some((first, last)) = spec.trim().split_once('-') else { return Part::Whole };
    let (first, last) = (first.trim(), last.trim());
    let asked = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.is_empty() => first..length,
        (None, Some(suffix)) if first.is_empty() => length.saturating_sub(suffix)..length,
        _ => return Part::Whole,
    };
    if asked.start < asked.end { Part::Bytes(asked) } else { Part::Outside }
}

fn number(text: &str) -> Option<usize> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // What is too large for a number is beyond the end of any file.
    is_digits.then(|| text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_a_part() {
        for (header, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("bytes=2-", 2..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("bytes=9-99999999999999999999", 9..10),
        ] {
            assert_eq!(part(Some(header), 10), Part::Bytes(range), "{header}");
        }
    }

    #[test]
    fn what_lies_behind_the_end_is_outside() {
        for header in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"] {
            assert_eq!(part(Some(header), 10), Part::Outside, "{header}");
        }
        assert_eq!(part(Some("bytes=0-"), 0), Part::Outside);
    }

    #[test]
    fn nonsense_and_several_ranges_get_the_whole() {
        for header in
            ["", "lines=1-2", "bytes=", "bytes=-", "bytes=5-2", "bytes=0-1,3-4", "bytes=+1-2"]
        {
            assert_eq!(part(Some(header), 10), Part::Whole, "{header}");
        }
        assert_eq!(part(None, 10), Part::Whole);
    }
}
