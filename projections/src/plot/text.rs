//! Words on a plot: made safe, kept short, measured by estimate, since an SVG does not know its reader's fonts.

const CHARACTER_WIDTH_EM: f64 = 0.58;

/// `text` without what XML 1.0 cannot carry, cut to what fits into `width_px`.
///
/// Escaping is the drawing backend's business; forbidden characters are ours, as it lets them through.
pub(super) fn fitted(text: &str, font_px: f64, width_px: f64) -> String {
    let count_max = (width_px / (font_px * CHARACTER_WIDTH_EM)).max(1.0) as usize;
    let mut shown: String = text.chars().take(count_max).map(permitted).collect();
    if text.chars().nth(count_max).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// `text` as an attribute value, for what is written past the backend.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars().map(permitted) {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

pub(super) fn width_px(text: &str, font_px: f64) -> f64 {
    text.chars().count() as f64 * font_px * CHARACTER_WIDTH_EM
}

/// Units come as they are written in JSON; on paper a square is a square.
pub(super) fn unit(unit: &str) -> String {
    unit.replace("(m/s2)2", "m²/s⁴").replace("s2", "s²").replace("^2", "²")
}

fn permitted(character: char) -> char {
    match character {
        '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
        control if control.is_control() => '\u{FFFD}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_carry_is_replaced() {
        assert_eq!(fitted("a\0b\u{1b}c\u{FFFF}", 12.0, 500.0), "a\u{FFFD}b\u{FFFD}c\u{FFFD}");
    }

    #[test]
    fn a_long_text_ends_in_an_ellipsis_and_a_fitting_one_does_not() {
        assert_eq!(fitted("abcdefgh", 10.0, 29.0), "abcd…");
        assert_eq!(fitted("abcde", 10.0, 29.0), "abcde");
    }
}
