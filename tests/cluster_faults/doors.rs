//! Where clients find the processes that serve them. Each moves when it is started again.

use std::cell::RefCell;

use crate::common::client::Client;
use crate::common::server::Server;

/// The clients of `ams` and `api`, once there are any.
#[derive(Default)]
pub(crate) struct Doors {
    ams: RefCell<Option<Client>>,
    api: RefCell<Option<Client>>,
}

impl Doors {
    /// From now on the role is to be found there. Nobody knocks at the others.
    pub(crate) fn open(&self, role: &str, server: &Server) {
        match role {
            "ams" => *self.ams.borrow_mut() = Some(server.client()),
            "api" => *self.api.borrow_mut() = Some(server.client()),
            _ => {}
        }
    }

    pub(crate) fn of(&self, role: &str) -> Option<Client> {
        if role == "ams" { self.ams.borrow().clone() } else { self.api.borrow().clone() }
    }
}
