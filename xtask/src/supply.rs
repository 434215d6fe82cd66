//! What the project is made of: which packages it may use, what is known against them, a list of them for others, and whether
//! the same sources make the same page.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::shell::{Outcome, command, output, root, run, step};
use crate::tools;

const LOCKS: [&str; 2] = ["package-lock.json", "benches/browser/package-lock.json"];

/// Licences and origins of all packages, and that every one is pinned to its contents. Needs no network.
pub fn check() -> Outcome {
    tools::cargo_deny()?;
    step("Licences and origins of all packages");
    run(
        &mut command("cargo", &["deny", "--offline", "--locked", "check", "licenses", "bans", "sources"]),
        "deny.toml says what is allowed and why; take another package, or change that.",
    )?;
    for lock in LOCKS {
        let text = fs::read_to_string(root().join(lock)).map_err(|error| format!("{lock}: {error}"))?;
        let packages = text.matches("\"node_modules/").count();
        let pinned = text.matches("\"integrity\": \"sha512-").count();
        if packages != pinned || text.contains("git+") {
            return Err(format!(
                "{lock} pins {pinned} of {packages} packages to their contents. Run `npm install` in its folder."
            ));
        }
    }
    Ok(())
}

/// What is known against the packages, from the advisory databases of Rust and npm, which lie outside the package registries.
pub fn advisories() -> Outcome {
    tools::cargo_deny()?;
    step("Known weaknesses of Rust packages");
    let remedy = "The lines above name the packages, or say that the database could not be reached.";
    run(&mut command("cargo", &["deny", "check", "advisories"]), remedy)?;
    step("Known weaknesses of npm packages");
    LOCKS.iter().try_for_each(|lock| {
        let folder = root().join(lock).parent().expect("in a folder").to_owned();
        run(command("npm", &["audit"]).current_dir(folder), remedy)
    })
}

/// The list of all packages in the page's engine (CycloneDX), in target/sbom.
pub fn sbom() -> Outcome {
    tools::cargo_cyclonedx()?;
    step("Listing what the page's engine is made of");
    let arguments =
        ["cyclonedx", "--format", "json", "--target", "wasm32-unknown-unknown", "--no-default-features"];
    let name = ["--override-filename", "sottovoce.cdx", "--quiet"];
    run(&mut command("cargo", &[&arguments[..], &name].concat()), "The lines above say why.")?;
    let (list, folder) = ("sottovoce.cdx.json", root().join("target/sbom"));
    // It names the folder that the project lies in.
    let here = root().display().to_string();
    fs::create_dir_all(&folder)
        .and_then(|()| fs::read_to_string(root().join(list)))
        .and_then(|text| fs::write(folder.join(list), text.replace(&here, "")))
        .and_then(|()| fs::remove_file(root().join(list)))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    // One is written for each crate of the workspace; its tools are no part of the page.
    let _ = fs::remove_file(root().join("xtask").join(list));
    eprintln!("Written: target/sbom/{list}");
    Ok(())
}

/// Builds the page twice from what is committed, in two places, and compares every file.
pub fn reproducible() -> Outcome {
    tools::for_build()?;
    let built: Vec<Hashes> = ["once", "and-once-more/in-another-place"]
        .into_iter()
        .map(|place| build_in(&root().join("target/reproducible").join(place)))
        .collect::<Outcome<_>>()?;
    let [once, again] = &built[..] else { unreachable!("two places") };
    let differing: Vec<&str> = once
        .keys()
        .chain(again.keys())
        .filter(|path| once.get(*path) != again.get(*path))
        .map(String::as_str)
        .collect();
    if !differing.is_empty() {
        return Err(format!("Built twice, these files differ: {}", differing.join(", ")));
    }
    eprintln!("{} files, each the same to the last byte", once.len());
    Ok(())
}

/// SHA-256 of files, by their paths.
type Hashes = BTreeMap<String, String>;

/// Builds the page from the last commit in a new folder, with nothing that was built before.
fn build_in(folder: &Path) -> Outcome<Hashes> {
    step(&format!("Building what is committed, from nothing, in {}", folder.display()));
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.display().to_string();
    let unpack = format!("git archive HEAD | tar -x -C '{path}'");
    run(&mut command("sh", &["-c", &unpack]), "Is this a git checkout?")?;
    // Rust's tools are of the same versions, and take long to build. npm's are installed anew: it empties what a link leads to.
    fs::create_dir_all(folder.join("target")).map_err(|error| format!("{path}: {error}"))?;
    link(&root().join("target/tools"), &folder.join("target/tools"))?;
    run(command("cargo", &["xtask", "build"]).current_dir(folder), "The lines above say why.")?;
    let listed = output("sh", &["-c", &format!("cd '{path}/dist' && find . -type f -exec sha256sum {{}} +")])
        .ok_or("sha256sum failed")?;
    let hashes = listed.lines().filter_map(|line| line.split_once("  "));
    Ok(hashes.map(|(hash, path)| (path.to_owned(), hash.to_owned())).collect())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> Outcome {
    std::os::unix::fs::symlink(from, to).map_err(|error| format!("{}: {error}", to.display()))
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Outcome {
    Err("Two builds can be compared on Linux and macOS alone.".to_owned())
}
