//! People are told outside the app what waits for them.

use std::time::Duration;

use serde_json::Value;
use team6_testkit::receivers::Receiver;
use team6_testkit::wait::wait_until;

use crate::shop::{DONE, Shop};

const NOTE: &[&str] = &[
    r#"{ edit = { path = "note.txt", content = "there\n" } }"#,
    r#"{ commit = { message = "Write the note" } }"#,
    DONE,
];

#[test]
fn what_waits_is_told_by_webhook_and_mail_once_also_over_a_restart() {
    // The first try meets a receiver that has trouble of its own.
    let chat = Receiver::of_webhooks(&[503]).unwrap();
    let mail = Receiver::of_mail().unwrap();
    let place = Shop::place(&format!(
        "[notify]\nafter = \"0s\"\nlink = \"https://team6.example.org\"\n\
         [notify.webhooks.chat]\nurl = \"http://{}/hook\"\nsecret_file = \"PLACE/secret\"\n\
         [notify.mail]\nserver = \"smtp://{}\"\nfrom = \"Team6 <team6@example.org>\"\nkinds = [\"review\"]\n",
        chat.address, mail.address
    ));
    place.file("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    let submit = crate::shop::submit(&["A note"]);
    let shop = Shop::in_place(
        place,
        &[("Plan a sprint", &[&submit]), (r"task \d+: A note", NOTE)],
        &[],
    );
    shop.place.ok(&["sprint", "plan", "shop", "Sell more."]);
    shop.waits_for_a_person();

    let (refused, told) = (chat.next(), chat.next());
    assert_eq!(
        refused.header("webhook-id"),
        told.header("webhook-id"),
        "it is the same, sent again"
    );
    assert!(told.header("webhook-signature").unwrap().starts_with("v1,"), "{told:?}");
    let body: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(body["data"]["person"], "ada", "{body}");
    assert_eq!(body["data"]["waiting"][0]["kind"], "no_owner", "{body}");
    let link = "https://team6.example.org/inbox?item=sprint/1/plan";
    assert_eq!(body["data"]["waiting"][0]["link"], link, "{body}");
    assert!(body["text"].as_str().unwrap().contains("For Ada: S-1"), "{body}");

    // A receiver may know before the server does; what it did not get to note is told again, under the same name.
    let noted = shop.place.path().join("team6-data/notified/chat.json");
    let clock = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let limit = Duration::from_secs(60);
    clock.block_on(wait_until(
        "that somebody was told to be noted",
        limit,
        async || match std::fs::read_to_string(&noted) {
            Ok(text) if text.contains("sprint/1/plan") => Ok(()),
            seen => Err(format!("{seen:?}")),
        },
    ));
    let shop = shop.restarted();
    shop.approved(1);
    let told = mail.next();
    assert!(
        told.head.iter().any(|line| line.contains("RCPT TO:<ada@example.org>")),
        "{told:?}"
    );
    assert!(
        told.body.contains("Subject: [Team6] T-1 A note: waits for review"),
        "{told:?}"
    );
    assert!(
        told.body.contains("https://team6.example.org/inbox?item=task/1"),
        "{told:?}"
    );
    // Whatever the webhook told meanwhile, it is not the plan without owners once more.
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "review") {
        let body: Value = serde_json::from_str(&chat.next().body).unwrap();
        kinds.extend(
            body["data"]["waiting"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["kind"].clone()),
        );
    }
    assert!(!kinds.contains(&Value::from("no_owner")), "{kinds:?}");

    let tried = shop.place.ok(&["notify", "try", "mail", "--as", "lin"]);
    assert!(tried.contains("mail took a notification for you"), "{tried}");
    assert!(
        mail.next()
            .head
            .iter()
            .any(|line| line.contains("RCPT TO:<lin@example.org>"))
    );
    let listed = shop.place.ok(&["notify", "list"]);
    assert!(listed.contains("chat") && listed.contains("mail"), "{listed}");
    let unknown = shop.place.run(&["notify", "try", "pager"]);
    assert!(
        unknown
            .stderr
            .contains("there is no channel pager; there are chat, mail"),
        "{unknown:?}"
    );
}
