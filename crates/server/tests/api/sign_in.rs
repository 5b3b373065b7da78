//! Browsers that sign in, and pages that try to use their sessions.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use team6_testkit::wait::within;

use crate::client::{Answer, Client, LIMIT};
use crate::server::Server;

/// A browser that shows a page of the server itself.
struct Browser<'a> {
    client: &'a Client,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Signs in with a code or the token.
    async fn signed_in(client: &'a Client, with: Value) -> (Self, Value) {
        let answer = signs_in(client, with).await;
        let set = answer.headers["set-cookie"].to_str().unwrap();
        let cookie = set.split(';').next().unwrap().to_owned();
        (Self { client, cookie }, answer.done())
    }

    /// A request with what a browser sends along, from a page that stands in this relation to the server.
    fn sends(&self, method: Method, path: &str, site: &str) -> RequestBuilder {
        let request = self.client.bare(method, path).header("Cookie", &self.cookie);
        request.header("Sec-Fetch-Site", site).json(&json!({}))
    }

    async fn is_signed_in(&self) -> bool {
        let answer = Answer::to(self.sends(Method::GET, "/me", "same-origin")).await;
        if answer.status == 200 {
            return true;
        }
        answer.problem(401, "unauthorized");
        false
    }
}

async fn signs_in(client: &Client, with: Value) -> Answer {
    Answer::to(client.bare(Method::POST, "/sign-in").json(&with)).await
}

async fn code(client: &Client) -> String {
    let made = client.post("/sign-in/codes", json!({})).await;
    assert_eq!(made.status, 201);
    made.done()["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_opens_a_session_for_whoever_asked_for_it_and_its_cookie_is_closed_to_pages() {
    let server = Server::open().await;
    let lin = server.client.acting_for("lin");
    let answer = signs_in(&server.client, json!({ "code": code(&lin).await })).await;
    assert_eq!(answer.done()["person"], "lin");
    let set = answer.headers["set-cookie"].to_str().unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/api/v1"] {
        assert!(set.split("; ").any(|given| given == attribute), "{set}");
    }
    assert!(!set.contains("Secure"), "{set}");
    let (browser, _) = Browser::signed_in(&server.client, json!({ "code": code(&lin).await })).await;
    let request = browser
        .sends(Method::POST, "/projects", "same-origin")
        .json(&json!({ "id": "shop" }));
    Answer::to(request.header("Team6-Person", "lin")).await.done();
    let log = server.client.get("/log").await.done();
    assert_eq!(log["items"][0]["actor"], "lin");
}

#[tokio::test]
async fn a_code_that_comes_twice_ends_the_session_that_it_opened() {
    let server = Server::open().await;
    let client = &server.client;
    let code = code(client).await;
    let (browser, _) = Browser::signed_in(client, json!({ "code": code })).await;
    assert!(browser.is_signed_in().await);
    let text = signs_in(client, json!({ "code": code }))
        .await
        .refused(401, "code-used");
    assert!(text.contains("team6 open") && !text.contains(&code), "{text}");
    assert!(!browser.is_signed_in().await);
    for unknown in ["", "0000", &code.to_uppercase()] {
        let answer = signs_in(client, json!({ "code": unknown })).await;
        answer.refused(401, "code-unknown");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn the_token_opens_a_session_and_nothing_like_it_does() {
    let server = Server::open().await;
    let client = &server.client;
    let token = server.token();
    let (browser, signed_in) = Browser::signed_in(client, json!({ "token": format!(" {token}\n") })).await;
    assert_eq!(signed_in["person"], "ada");
    assert!(browser.is_signed_in().await);
    for wrong in ["", &token[1..]] {
        signs_in(client, json!({ "token": wrong }))
            .await
            .refused(401, "unauthorized");
    }
    for broken in [json!({}), json!({ "token": token, "code": "x" }), json!(token)] {
        assert!(signs_in(client, broken).await.status >= 400);
    }
    let from_elsewhere = client
        .bare(Method::POST, "/sign-in")
        .header("Origin", "https://evil.example");
    let answer = Answer::to(from_elsewhere.json(&json!({ "token": token }))).await;
    answer.refused(403, "foreign-origin");
    // A form of another page cannot send JSON.
    let form = client
        .bare(Method::POST, "/sign-in")
        .header("Content-Type", "text/plain");
    Answer::to(form.body(format!("{{\"token\":\"{token}\"}}")))
        .await
        .refused(415, "not-json");
}

#[tokio::test]
async fn a_session_serves_the_servers_own_pages_only() {
    let server = Server::open().await;
    let (browser, _) = Browser::signed_in(&server.client, json!({ "token": server.token() })).await;
    for site in ["cross-site", "same-site"] {
        for method in [Method::GET, Method::POST] {
            let answer = Answer::to(browser.sends(method, "/projects", site)).await;
            answer.refused(403, "foreign-page");
        }
    }
    // An address that a person types: may be read, and changes nothing.
    Answer::to(browser.sends(Method::GET, "/projects", "none")).await.done();
    let typed = Answer::to(browser.sends(Method::POST, "/projects", "none")).await;
    typed.refused(403, "foreign-page");
    // Browsers that do not say from where tell the origin of what changes something.
    let bare = |method| {
        server
            .client
            .bare(method, "/projects")
            .header("Cookie", &browser.cookie)
    };
    Answer::to(bare(Method::GET)).await.done();
    let order = || bare(Method::POST).json(&json!({ "id": "shop" }));
    Answer::to(order()).await.refused(403, "foreign-page");
    let other_port = Answer::to(order().header("Origin", "http://127.0.0.1:1")).await;
    other_port.refused(403, "foreign-origin");
    Answer::to(order().header("Origin", server.client.url())).await.done();
    let code = Answer::to(browser.sends(Method::POST, "/sign-in/codes", "same-origin")).await;
    code.refused(403, "token-needed");
    let streamed = browser
        .sends(Method::GET, "/events", "same-origin")
        .send()
        .await
        .unwrap();
    assert_eq!(streamed.status(), 200);
}

#[tokio::test]
async fn who_signs_out_is_out_and_so_is_everybody_if_they_wish() {
    let server = Server::open().await;
    let client = &server.client;
    let token = json!({ "token": server.token() });
    let (one, _) = Browser::signed_in(client, token.clone()).await;
    let (other, _) = Browser::signed_in(client, token.clone()).await;
    let out = Answer::to(one.sends(Method::POST, "/sign-out", "same-origin")).await;
    assert_eq!(out.done(), json!({ "sessions": 1 }));
    let set = out.headers["set-cookie"].to_str().unwrap();
    assert!(set.contains("=; ") && set.contains("Max-Age=0"), "{set}");
    assert!(!one.is_signed_in().await && other.is_signed_in().await);
    let (third, _) = Browser::signed_in(client, token).await;
    let out = Answer::to(third.sends(Method::POST, "/sign-out?everywhere=true", "same-origin")).await;
    assert_eq!(out.done(), json!({ "sessions": 2 }));
    assert!(!other.is_signed_in().await && !third.is_signed_in().await);
}

#[tokio::test]
async fn what_a_session_reads_ends_with_it() {
    let server = Server::open().await;
    let token = json!({ "token": server.token() });
    let (one, _) = Browser::signed_in(&server.client, token.clone()).await;
    let (other, _) = Browser::signed_in(&server.client, token).await;
    let reads = |browser: &Browser<'_>, path| browser.sends(Method::GET, path, "same-origin").send();
    let mut goes_on = reads(&other, "/stream").await.unwrap();
    let streams = [
        reads(&one, "/stream").await.unwrap(),
        reads(&one, "/events").await.unwrap(),
    ];
    let out = one.sends(Method::POST, "/sign-out", "same-origin");
    Answer::to(out).await.done();
    for stream in streams {
        let text = within("the end of a stream", LIMIT, stream.text()).await.unwrap();
        assert!(text.contains("event: ready"), "{text}");
    }
    assert!(goes_on.chunk().await.unwrap().is_some());
    server.with_project().await;
    let told = within("an event", LIMIT, goes_on.chunk()).await.unwrap();
    assert!(told.is_some(), "other sessions read on");
}

#[tokio::test]
async fn pages_stand_beside_the_api_and_do_not_hide_its_problems() {
    let server = Server::with_pages(|path| format!("the page of {path}")).await;
    let get = |path: &str| Answer::to(server.client.page(path));
    assert_eq!(get("/").await.text, "the page of /");
    assert_eq!(get("/tasks/12").await.text, "the page of /tasks/12");
    assert_eq!(get("/apiary").await.text, "the page of /apiary");
    for path in ["/api", "/api/v1/nothing", "/api/v2/me"] {
        get(path).await.refused(404, "no-such-route");
    }
    let renamed = server.client.page("/").header("Host", "evil.example");
    Answer::to(renamed).await.refused(403, "foreign-host");
}
