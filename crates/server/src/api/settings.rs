//! What the server is configured with, and from where: for people who look for why it does as it does.
//!
//! It is changed in the file and by variables only, so that whoever reaches the API cannot give agents more than the
//! machine's owner meant.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::page::whole;
use super::types::{Page, SettingItem, SettingOrigin};
use crate::config::{Origin, Value, variable};

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(list_settings))
}

/// Lists every value of the configuration with its origin, by key.
#[utoipa::path(get, path = "/settings", tag = "operations", responses((status = OK, body = Page<SettingItem>)))]
async fn list_settings(State(api): State<ApiState>) -> Json<Page<SettingItem>> {
    Json(whole(api.settings.iter().map(item).collect()))
}

fn item(value: &Value) -> SettingItem {
    let (origin, place) = match &value.origin {
        Origin::Default => (SettingOrigin::BuiltIn, None),
        Origin::NotSet => (SettingOrigin::NotSet, None),
        Origin::File(file) => (SettingOrigin::File, Some(file.display().to_string())),
        Origin::Environment(name) => (SettingOrigin::Environment, Some(name.clone())),
    };
    SettingItem {
        key: value.key.clone(),
        value: value.value.clone(),
        origin,
        place,
        variable: variable(&value.key),
    }
}
