//! Terms of office, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::lock;
use crate::PortError;
use crate::leadership::{Leadership, Term};

/// Offices that end with the process; where there is one process, it leads.
#[derive(Debug, Default)]
pub struct MemoryLeadership {
    offices: Mutex<BTreeMap<String, Held>>,
}

#[derive(Debug)]
struct Held {
    term: Term,
    until: Instant,
}

#[async_trait]
impl Leadership for MemoryLeadership {
    async fn campaign(
        &self,
        office: &str,
        candidate: &str,
        ttl_ms: u64,
    ) -> Result<Option<Term>, PortError> {
        let mut offices = lock(&self.offices);
        let now = now();
        let held = offices.get(office);
        let number = match held {
            Some(held) if now < held.until && held.term.leader == candidate => held.term.number,
            Some(held) if now < held.until => return Ok(None),
            Some(held) => held.term.number + 1,
            None => 1,
        };
        let term = Term { office: office.to_owned(), leader: candidate.to_owned(), number };
        let until = now + Duration::from_millis(ttl_ms);
        offices.insert(office.to_owned(), Held { term: term.clone(), until });
        Ok(Some(term))
    }

    async fn resign(&self, term: &Term) -> Result<(), PortError> {
        if let Some(held) = lock(&self.offices).get_mut(&term.office)
            && held.term == *term
        {
            held.until = now();
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a lease runs by the store's own clock")]
fn now() -> Instant {
    Instant::now()
}
