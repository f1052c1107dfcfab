//! The document store keeps the contract of its port.

#[path = "support/store.rs"]
mod store;

mod read_models {
    ports::contract::read_models!(
        match super::store::fresh().await {
            Some(store) => store,
            None => return,
        },
        |store| &store.models
    );
}
