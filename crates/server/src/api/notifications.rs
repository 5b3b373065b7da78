//! The ways in which people are told outside the app what waits for them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::commands::Answer;
use super::error::ApiError;
use super::page::whole;
use super::request::{Caller, Path, PersonHeader};
use super::types::{ChannelItem, Page};
use crate::notify::Notifier;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_channels))
        .routes(routes!(try_channel))
}

/// Lists the channels by which people are told what waits for them.
#[utoipa::path(get, path = "/channels", tag = "people", responses((status = OK, body = Page<ChannelItem>)))]
async fn list_channels(State(api): State<ApiState>) -> Json<Page<ChannelItem>> {
    Json(whole(api.notifiers.all().iter().map(item).collect()))
}

/// Tells you by a channel that it works.
#[utoipa::path(post, path = "/channels/{channel}/try", tag = "people", params(PersonHeader, ("channel" = String, Path)),
    responses((status = OK, body = ChannelItem)))]
async fn try_channel(
    State(api): State<ApiState>,
    Caller(person): Caller,
    Path(channel): Path<String>,
) -> Answer<ChannelItem> {
    let all = api.notifiers.all();
    let Some(notifier) = all.iter().find(|notifier| notifier.name == channel) else {
        let known: Vec<&str> = all.iter().map(|notifier| notifier.name.as_str()).collect();
        let text = match known.is_empty() {
            true => "no channel is configured; write [notify.mail] or [notify.webhooks.NAME] in team6.toml".to_owned(),
            false => format!("there is no channel {channel}; there are {}", known.join(", ")),
        };
        return Err(ApiError::missing("no-such-channel", text));
    };
    let tried = notifier.try_out(&person, api.engine.now()).await;
    tried.map_err(|error| ApiError::new(StatusCode::BAD_GATEWAY, "channel-failed", error.to_string()))?;
    Ok(Json(item(notifier)))
}

fn item(notifier: &Notifier) -> ChannelItem {
    let lately = notifier.lately();
    ChannelItem {
        name: notifier.name.clone(),
        told_at: lately.told,
        failure: lately.failure,
    }
}
