//! Which parts of a bench are to run.

use std::env;

/// Whether the part was named on the command line; where none was, all are.
pub(crate) fn is_asked(part: &str) -> bool {
    let mut asked = env::args().skip(1).filter(|name| !name.starts_with('-')).peekable();
    asked.peek().is_none() || asked.any(|asked| asked == part)
}
