//! Callbacks over HTTP keep the contract, with a receiver on loopback that is allowed.

#[path = "support/receiver.rs"]
mod receiver;

use std::sync::Arc;

use bytes::Bytes;
use infra_webhook::{CallbackSettings, HttpCallbacks, SystemResolver};
use ports::callbacks::Callbacks;
use ports::contract::callbacks::Stage;
use receiver::Receiver;

struct Loopback {
    callbacks: HttpCallbacks,
    receiver: Receiver,
}

async fn fresh() -> Loopback {
    let allowed = "127.0.0.1".parse().expect("it is an address");
    let settings = CallbackSettings { allowed, ..CallbackSettings::default() };
    let callbacks = HttpCallbacks::new(settings, Arc::new(SystemResolver));
    let callbacks = callbacks.expect("the client can be made");
    Loopback { callbacks, receiver: Receiver::start().await }
}

impl Stage for Loopback {
    fn callbacks(&self) -> &dyn Callbacks {
        &self.callbacks
    }

    fn answering(&self, status: u16) -> String {
        self.receiver.url(status)
    }

    fn nobody(&self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound");
        format!("http://{address}/200")
    }

    fn received(&self) -> Vec<(String, Bytes)> {
        self.receiver.received()
    }
}

mod callbacks {
    ports::contract::callbacks!(super::fresh().await, |stage| stage as &dyn super::Stage);
}
