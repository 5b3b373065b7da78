//! What fails, what waits, and what makes no sense.

use serde_json::{Value, json};
use team6_testkit::scripted_model::{Outcome, Script, Turn};

use crate::client::{LIMIT, model, post, whole};

fn ask() -> Value {
    json!({ "tools": [{ "name": "Write" }], "messages": [{ "role": "user", "content": "go" }] })
}

fn ask_chat() -> Value {
    json!({ "tools": [{ "function": { "name": "Write" } }], "messages": [{ "role": "user", "content": "go" }] })
}

#[tokio::test]
async fn limits_and_overload_pass_and_then_the_turn_is_played() {
    let script = Script::when("go")
        .turn(Turn::fails(429).retry_after(3))
        .turn(Turn::fails(529).times(2))
        .says("at last");
    let model = model(script).await;
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let response = post(&model, "/v1/messages", &ask()).await;
        let retry = response
            .headers()
            .get("retry-after")
            .map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        kinds.push((status, retry, body["error"]["type"].as_str().unwrap().to_owned()));
    }
    let overloaded = (529, None, "overloaded_error".to_owned());
    assert_eq!(
        kinds,
        [
            (429, Some("3".to_owned()), "rate_limit_error".to_owned()),
            overloaded.clone(),
            overloaded
        ]
    );
    assert_eq!(
        whole(&model, "/v1/messages", &ask()).await["content"][0]["text"],
        "at last"
    );
}

#[tokio::test]
async fn a_wrong_key_fails_every_time_in_the_words_of_each_interface() {
    let model = model(Script::when("go").turn(Turn::fails(401).always())).await;
    for _ in 0..2 {
        let response = post(&model, "/v1/chat/completions", &ask_chat()).await;
        assert_eq!(response.status(), 401);
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["code"], "invalid_api_key");
    }
    let body: Value = post(&model, "/v1/messages", &ask()).await.json().await.unwrap();
    assert_eq!(body["error"]["type"], "authentication_error");
}

#[tokio::test]
async fn a_held_answer_waits_for_its_release() {
    let model = model(Script::when("go").turn(Turn::says("released").held_at("gate"))).await;
    let (ask_one, ask_two) = (ask(), ask());
    let answer = whole(&model, "/v1/messages", &ask_one);
    let test = async {
        model.held_at("gate", LIMIT).await;
        model.release("gate");
        model.none_held_at("gate", LIMIT).await;
    };
    let (answer, ()) = tokio::join!(answer, test);
    assert_eq!(answer["content"][0]["text"], "released");
    let later = whole(&model, "/v1/messages", &ask_two).await;
    assert_eq!(later["content"][0]["text"], "released");
}

#[tokio::test]
async fn a_held_answer_ends_when_the_agent_hangs_up() {
    let model = model(Script::when("go").turn(Turn::says("never").held_at("gate"))).await;
    let body = ask();
    tokio::select! {
        _ = post(&model, "/v1/messages", &body) => unreachable!("nobody released it"),
        () = model.held_at("gate", LIMIT) => {}
    }
    model.none_held_at("gate", LIMIT).await;
}

#[tokio::test]
async fn a_held_answer_fails_when_the_model_stops() {
    let model = model(Script::when("go").turn(Turn::says("never").held_at("gate"))).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.post(format!("{}/v1/messages", model.url())).json(&ask()).send();
    let stop = async {
        model.held_at("gate", LIMIT).await;
        model.stop().await;
    };
    let (response, ()) = tokio::join!(request, stop);
    assert_eq!(response.unwrap().status(), 503);
}

#[tokio::test]
async fn a_gate_is_released_over_http_too_and_requests_can_be_read() {
    let model = model(Script::when("go").turn(Turn::says("released").held_at("gate"))).await;
    post(&model, "/scripted/release/gate", &json!({})).await;
    whole(&model, "/v1/messages", &ask()).await;
    let listed = reqwest::get(format!("{}/scripted/requests", model.url()))
        .await
        .unwrap();
    let listed: Value = listed.json().await.unwrap();
    assert_eq!(listed[0]["outcome"], json!({ "played": { "script": 1, "turn": 1 } }));
    assert_eq!(listed[0]["api"], "messages");
}

#[tokio::test]
async fn a_request_can_be_waited_for() {
    let model = model(Script::when("go").says("yes")).await;
    let body = ask();
    let (request, _) = tokio::join!(
        model.request("the prompt", LIMIT, |request| request.last_said() == "go"),
        whole(&model, "/v1/messages", &body)
    );
    assert_eq!(
        (request.number, request.tools.as_slice()),
        (1, ["Write".to_owned()].as_slice())
    );
}

#[tokio::test]
async fn senseless_requests_are_answered_and_the_model_lives_on() {
    let model = model(Script::when("go").says("still here")).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for body in ["", "{", "[]", "\"go\"", "\u{0}\u{1}"] {
        let url = format!("{}/v1/messages", model.url());
        let response = client.post(url).body(body).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        let said: Value = response.json().await.unwrap();
        assert_eq!(said["error"]["message"], "the body of the request is no JSON object");
    }
    let odd =
        json!({ "tools": [{ "name": "Write" }], "messages": [{ "role": 1 }, 7, { "role": "user", "content": {} }] });
    assert_eq!(post(&model, "/v1/messages", &odd).await.status(), 200);
    assert_eq!(post(&model, "/v1/nonsense", &json!({})).await.status(), 404);
    assert_eq!(client.head(model.url()).send().await.unwrap().status(), 200);
    assert_eq!(
        whole(&model, "/v1/messages", &ask()).await["content"][0]["text"],
        "still here"
    );
    let refused = model
        .requests()
        .iter()
        .filter(|r| matches!(r.outcome, Outcome::Refused(_)))
        .count();
    assert_eq!(refused, 5);
}
