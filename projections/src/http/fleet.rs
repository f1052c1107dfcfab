//! The fleet in numbers.

use axum::extract::State;
use axum::http::Uri;
use axum::http::header::CACHE_CONTROL;

use super::Context;
use super::answer::{Answer, REVALIDATE};
use super::params::Params;
use super::problem::Failure;
use crate::fleet_numbers::count_fleet;

pub(super) async fn fleet(State(shared): State<Context>, uri: Uri) -> Result<Answer, Failure> {
    let params = Params::of(&uri, &[])?;
    let (numbers, position) =
        count_fleet(&shared.queries.read_side, params.min_position()?).await?;
    Ok(Answer::json(&numbers).at(position).with(CACHE_CONTROL, REVALIDATE))
}
