//! Refusals, as RFC 9457 has them.

use serde_json::Value;

use crate::common::client::Answer;

impl Answer {
    /// A problem of this status and type, complete.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:atalaya:problem:{code}"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for member in ["title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem
    }

    /// The same, which names the fault at this place of the input.
    pub(crate) fn problem_at(&self, status: u16, code: &str, pointer: &str) -> Value {
        let problem = self.problem(status, code);
        let faults = problem["errors"].as_array().cloned().unwrap_or_default();
        let named = |fault: &Value| fault["pointer"] == pointer && fault["detail"].is_string();
        assert!(faults.iter().any(named), "no fault at {pointer}: {problem}");
        problem
    }
}
