//! Finds or builds the web app and packs it into the binary.
//!
//! In this order: the folder that `TEAM6_WEB_DIST` names, the `dist` of a packaged crate, a build of `app/` with npm, and
//! otherwise a page that says how to get the app. With `CI` set a build that fails is an error, so that no release ships
//! that page unnoticed. `TEAM6_WEB=skip` takes the page at once, for whoever works on something else.

mod npm;
mod pack;

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    for name in ["TEAM6_WEB", "TEAM6_WEB_DIST", "CI", "DOCS_RS"] {
        tell(&format!("rerun-if-env-changed={name}"));
    }
    tell("rerun-if-changed=build");
    tell("rerun-if-changed=placeholder");
    // Also while it is not there, so that it is noticed when it comes.
    tell("rerun-if-changed=app/package.json");
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo names no folder of the crate")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no folder for what is built")?);
    let built = match dist(&here)? {
        Some(dist) => pack::folder(&dist, &out, true)?,
        None => pack::folder(&here.join("placeholder"), &out, false)?,
    };
    if built == 0 {
        return Err("the built web app has no files; build it again with `npm run build` in crates/web/app".into());
    }
    Ok(())
}

/// The folder of the built app; none if there is none and that is all right.
fn dist(here: &Path) -> Result<Option<PathBuf>, Box<dyn Error>> {
    if env::var_os("TEAM6_WEB").is_some_and(|wish| wish == "skip") || env::var_os("DOCS_RS").is_some() {
        return Ok(None);
    }
    if let Some(given) = env::var_os("TEAM6_WEB_DIST").filter(|given| !given.is_empty()) {
        let given = PathBuf::from(given);
        tell(&format!("rerun-if-changed={}", given.display()));
        if !given.join("index.html").is_file() {
            let text = format!(
                "TEAM6_WEB_DIST is {}, which has no index.html; name a built app",
                given.display()
            );
            return Err(text.into());
        }
        return Ok(Some(given));
    }
    let packaged = here.join("dist");
    if packaged.join("index.html").is_file() {
        tell("rerun-if-changed=dist");
        return Ok(Some(packaged));
    }
    let app = here.join("app");
    if !app.join("package.json").is_file() {
        return Ok(None);
    }
    match npm::build(&app) {
        Ok(dist) => Ok(Some(dist)),
        Err(error) if env::var_os("CI").is_some() => Err(format!("the web app was not built: {error}").into()),
        Err(error) => {
            tell(&format!(
                "warning=the web app is left out, and a page that says so stands in its place: {error}"
            ));
            Ok(None)
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
fn tell(what: &str) {
    println!("cargo:{what}");
}
