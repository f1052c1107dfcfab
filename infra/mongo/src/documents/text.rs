//! Texts in a form whose order is the same for every server: that of their code points.
//!
//! MongoDB compares texts by their UTF-8 bytes, which is that order. Servers that merely speak its protocol may
//! compare UTF-16 units, where everything beyond the basic plane comes before U+E000 to U+FFFF. Behind the last
//! character of the plane it comes after them in both: so U+FFFF stands before each such character, and before a
//! `0` for itself. All other texts, which is nearly all there are, stay as they are.

use std::borrow::Cow;

const MARK: char = '\u{ffff}';
const MARK_ITSELF: char = '0';

pub(super) fn stored(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c >= MARK) {
        return Cow::Borrowed(text);
    }
    let mut stored = String::with_capacity(text.len() + 2 * MARK.len_utf8());
    for c in text.chars() {
        if c >= MARK {
            stored.push(MARK);
        }
        stored.push(if c == MARK { MARK_ITSELF } else { c });
    }
    Cow::Owned(stored)
}

pub(super) fn told(stored: &str) -> Cow<'_, str> {
    if !stored.contains(MARK) {
        return Cow::Borrowed(stored);
    }
    let mut text = String::with_capacity(stored.len());
    let mut characters = stored.chars();
    while let Some(c) = characters.next() {
        let marked = if c == MARK { characters.next() } else { None };
        match marked {
            Some(MARK_ITSELF) => text.push(MARK),
            Some(beyond) => text.push(beyond),
            None => text.push(c),
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Characters on both sides of every border, and any others.
    fn texts() -> impl Strategy<Value = String> {
        let borders = prop::sample::select(vec![
            '0',
            'a',
            '\u{d7ff}',
            '\u{e000}',
            '\u{fffd}',
            '\u{fffe}',
            '\u{ffff}',
            '\u{10000}',
            '🦀',
            '\u{10ffff}',
        ]);
        let some = prop::collection::vec(prop_oneof![3 => borders, 1 => any::<char>()], 0..6);
        some.prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_text_comes_back_as_it_was(text in texts()) {
            prop_assert_eq!(told(&stored(&text)).into_owned(), text);
        }

        #[test]
        fn the_order_is_that_of_code_points_by_bytes_and_by_units(one in texts(), other in texts()) {
            let order = one.cmp(&other);
            let (one, other) = (stored(&one), stored(&other));
            prop_assert_eq!(one.as_bytes().cmp(other.as_bytes()), order);
            prop_assert!(one.encode_utf16().cmp(other.encode_utf16()) == order);
        }
    }

    #[test]
    fn what_every_server_sorts_the_same_is_not_touched() {
        for text in ["", "P-101", "ß 漢字", "\u{fffd}"] {
            assert!(matches!(stored(text), Cow::Borrowed(same) if same == text));
        }
    }
}
