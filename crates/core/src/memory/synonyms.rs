//! Words of software work that mean the same, and words that name a kind of something else.
//!
//! People ask for the "db" what others wrote of "databases", and for the "database" what was written of Postgres. The
//! first is so both ways; the second only from the special to the general, so it is added to what is remembered and not
//! to what is asked.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::stem::stem;

/// Each line means the same; all are looked up by the first.
const SAME: &[&str] = &[
    "database db datastore",
    "login signin logon auth authentication authenticate",
    "permission authorization authorize authz privilege role",
    "configuration config setting preference option",
    "flaky intermittent sporadic unstable nondeterministic flake",
    "error exception failure fail fault crash break broken outage incident",
    "slow performance speed fast latency perf quick slowly quickly faster slower",
    "delete remove drop erase erasure purge deletion removal forgotten",
    "repository repo",
    "folder directory dir",
    "dependency dep package library lib",
    "environment env",
    "variable var",
    "documentation docs doc readme",
    "message msg",
    "parameter param argument arg",
    "request req",
    "response resp reply",
    "payment pay charge billing purchase paid wallet",
    "money amount price currency cost cent fee sum surcharge",
    "email mail newsletter inbox",
    "image picture photo logo thumbnail avatar",
    "kubernetes k8s",
    "deploy deployment ship release",
    "pipeline ci workflow",
    "background job worker asynchronous async",
    "retry reattempt backoff",
    "logging log logger",
    "monitoring metric telemetry observability",
    "secret credential password",
    "tls ssl https certificate cert",
    "url link uri address",
    "translation i18n localisation l10n language translate english german french",
    "accessibility a11y screenreader keyboard aria",
    "timezone utc",
    "typescript ts",
    "javascript js",
    "python py",
    "page screen view",
    "upload attach attachment",
    "ratelimit throttle limit quota",
    "idempotent idempotency duplicate dedupe deduplicate twice",
    "concurrent concurrency parallel race simultaneous",
    "search find lookup",
    "pagination paginate",
    "backup snapshot dump",
    "infrastructure infra iac",
    "webhook callback hook",
    "validation validate check verify invalid malformed",
    "memory ram",
    "upgrade bump update",
    "endpoint route",
    "flag toggle switch experiment",
    "mock stub fake",
    "frontend ui",
    "colour color",
    "dark theme",
    "undo revert rollback",
    "customer shopper buyer person personal",
    "administrator admin",
    "transaction tx",
    "identifier id uuid",
    "temporary temp tmp",
    "maximum max",
    "minimum min",
    "number num numeric",
    "button btn",
    "spreadsheet csv excel",
    "stock inventory warehouse",
    "cart basket",
    "expiry expire expiration ttl",
    "clean cleanup prune",
    "dialog modal popup overlay prompt",
    "alert alarm pager notify oncall",
    "analytics tracking track measure statistic",
    "privacy gdpr consent",
    "accounting accountant bookkeeping bookkeeper",
    "local laptop locally localhost",
    "text wording copy headline label caption",
    "schedule cron periodic nightly recurring",
    "table grid",
    "encrypt encrypted encryption cipher unreadable",
    "restore recover recovery",
    "state status",
    "lint linter",
    "format formatter formatting",
    "icon svg",
    "organisation organization org tenant",
];

/// Each line begins with a kind; the others are of it.
const KINDS: &[&str] = &[
    "database postgres postgresql mysql sqlite sql psql migration schema table index query transaction prisma",
    "migration alembic flyway",
    "container docker podman dockerfile compose",
    "infrastructure terraform tofu pulumi ansible kubernetes helm cluster",
    "kubernetes helm pod kubectl ingress",
    "cache redis memcached cdn",
    "queue kafka rabbitmq sqs bullmq",
    "frontend react vue svelte css component tailwind vite storybook",
    "style css tailwind scss",
    "package npm pnpm yarn cargo pip poetry lockfile",
    "test jest vitest pytest playwright cypress fixture testcontainers snapshot",
    "browser playwright cypress chromium",
    "lint eslint clippy ruff biome",
    "format prettier rustfmt black",
    "pipeline jenkins actions buildkite",
    "monitoring prometheus grafana alert dashboard sentry",
    "payment stripe paypal invoice refund",
    "login oauth jwt session cookie sso saml oidc",
    "token jwt",
    "email smtp sendgrid mailpit",
    "storage s3 bucket blob minio disk",
    "time timestamp timezone date clock",
    "money vat tax rounding refund",
    "proxy nginx traefik haproxy",
    "api graphql grpc rest openapi endpoint",
    "rust cargo clippy rustfmt tokio",
    "python pytest pip poetry ruff django",
    "node npm pnpm yarn",
    "secret vault sops",
    "secret key token",
    "accounting invoice vat tax ledger",
    "alert pagerduty opsgenie",
    "privacy anonymise anonymize pseudonymise redact gps exif",
    "error 400 401 403 404 409 422 429 500 502 503",
    "login password passkey",
    "accessibility focus",
    "schedule cronjob",
    "encrypt kms hmac tls",
    "text string literal",
];

static FIRST: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let lines = SAME.iter().map(|line| line.split(' ').map(stem));
    let pairs = lines.filter_map(|mut words| words.next().map(|first| (first, words)));
    pairs
        .flat_map(|(first, others)| others.map(move |other| (other, first.clone())))
        .collect()
});

static KIND: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(|| {
    let mut kinds: HashMap<String, Vec<String>> = HashMap::new();
    for line in KINDS {
        let mut words = line.split(' ').map(|word| of_one_meaning(stem(word)));
        let Some(kind) = words.next() else { continue };
        for word in words.filter(|word| *word != kind) {
            kinds.entry(word).or_default().push(kind.clone());
        }
    }
    kinds
});

/// The stem by which all stems of the same meaning are looked up.
pub(super) fn of_one_meaning(stem: String) -> String {
    FIRST.get(&stem).cloned().unwrap_or(stem)
}

/// The kinds of which a word is, by its stem.
pub(super) fn kinds(stem: &str) -> &'static [String] {
    KIND.get(stem).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_meaning_only() {
        let mut seen = HashMap::new();
        for line in SAME {
            for word in line.split(' ') {
                if let Some(other) = seen.insert(stem(word), line)
                    && other != line
                {
                    panic!("{word} stands in \"{line}\" and in \"{other}\"");
                }
            }
        }
    }

    #[test]
    fn the_special_is_of_a_kind_and_the_general_is_not() {
        assert!(kinds(&of_one_meaning(stem("postgres"))).contains(&stem("database")));
        assert!(!kinds(&of_one_meaning(stem("db"))).contains(&stem("postgres")));
    }
}
