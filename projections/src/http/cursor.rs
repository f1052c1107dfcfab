//! Cursors as clients carry them: opaque, and only good for the list that gave them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ports::read_models::Cursor;
use serde_json::Value;

/// Longer ones are not ours.
const CURSOR_BYTES_MAX: usize = 4_096;

pub(super) fn written(cursor: &Cursor) -> String {
    let pair = serde_json::to_vec(&(&cursor.value, &cursor.key)).expect("plain data");
    URL_SAFE_NO_PAD.encode(pair)
}

pub(super) fn read(text: &str) -> Option<Cursor> {
    if text.len() > CURSOR_BYTES_MAX {
        return None;
    }
    let pair = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (value, key): (Value, String) = serde_json::from_slice(&pair).ok()?;
    // Only these can have been sort values; a store need not know what to do with others.
    let is_scalar = value.is_null() || value.is_string() || value.is_i64() || value.is_u64();
    is_scalar.then_some(Cursor { value, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        for value in [Value::Null, Value::from("P/1 ä?"), Value::from(7)] {
            let cursor = Cursor { value, key: "k".to_owned() };
            let text = written(&cursor);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            assert_eq!(read(&text), Some(cursor));
        }
    }

    #[test]
    fn what_was_made_up_is_no_cursor() {
        let object = URL_SAFE_NO_PAD.encode(r#"[{"$gt": ""}, "k"]"#);
        for text in ["", "x", "!!", &object, &"A".repeat(CURSOR_BYTES_MAX + 1)] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
