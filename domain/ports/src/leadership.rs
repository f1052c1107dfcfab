//! Lets one of several processes do what only one may do at a time.

use async_trait::async_trait;

use crate::PortError;

/// Terms of office under leases. A leader that does not campaign again in time has lost its office, also when it has
/// not noticed: whatever must not be done by a former leader is guarded by the number of the term.
#[async_trait]
pub trait Leadership: Send + Sync {
    /// Takes the office, or keeps it, for `ttl_ms` from now by the store's own clock. `None`: somebody else has it.
    ///
    /// The term's number stays while a candidate keeps the office without a break. It rises whenever the office
    /// changes hands, and also when it ran out and is taken by the same candidate again.
    async fn campaign(
        &self,
        office: &str,
        candidate: &str,
        ttl_ms: u64,
    ) -> Result<Option<Term>, PortError>;

    /// Gives the office back, so that the next leader need not wait. A term that has ended is left alone.
    async fn resign(&self, term: &Term) -> Result<(), PortError>;
}

/// A leader's time in office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What is led: `relay`.
    pub office: String,
    /// Who leads; no two processes have the same name.
    pub leader: String,
    /// Later terms of an office have higher numbers. The first one has 1.
    pub number: u64,
}
