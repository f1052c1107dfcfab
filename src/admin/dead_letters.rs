//! `atalaya dead-letters`: list, show, replay, discard.

use serde_json::Value;

use super::api::Api;
use super::print;
use crate::cli::{DeadLetters, Server};

const PATH: &str = "/v1/admin/dead-letters";

/// Does what was asked for.
///
/// # Errors
/// The server does not answer, or has no such letter.
pub async fn dead_letters(server: &Server, command: DeadLetters) -> anyhow::Result<()> {
    let api = Api::of(server);
    match command {
        DeadLetters::List => list(&api).await,
        DeadLetters::Show { id } => {
            let letter = api.get(&format!("{PATH}/{id}")).await?;
            print(&format!("{letter:#}\n"));
            Ok(())
        }
        DeadLetters::Replay { id } => {
            api.post(&format!("{PATH}/{id}/replay")).await?;
            print("the handler acts on it again as soon as it has finished what is in hand\n");
            Ok(())
        }
        DeadLetters::Discard { id } => {
            api.post(&format!("{PATH}/{id}/discard")).await?;
            print("given up\n");
            Ok(())
        }
    }
}

async fn list(api: &Api) -> anyhow::Result<()> {
    let mut after = 0;
    let mut any = false;
    loop {
        let page = api.get(&format!("{PATH}?after={after}")).await?;
        for letter in page["items"].as_array().into_iter().flatten() {
            print(&line(letter));
            any = true;
        }
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    if !any {
        print("there are no dead letters\n");
    }
    Ok(())
}

fn line(letter: &Value) -> String {
    let text = |name: &str| letter[name].as_str().unwrap_or("-").to_owned();
    format!(
        "{:>6}  {:<16} {:<20} {}  position {}, {} attempts: {}\n",
        letter["id"],
        text("subscription"),
        text("event_type"),
        text("subject"),
        letter["position"],
        letter["attempts"],
        text("reason"),
    )
}
