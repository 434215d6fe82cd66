//! The supply chain: licences, origins and advisories of packages, a bill of materials, and reproducible builds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::shell::{Result, command, output, root, run, step};
use crate::{tools, web};

const LOCKS: [&str; 3] =
    ["package-lock.json", "benches/browser/package-lock.json", "tests/frameworks/package-lock.json"];

/// Checks licences and origins of all packages, and that each is pinned to a hash. Needs no network.
pub fn check() -> Result {
    tools::cargo_deny()?;
    step("Licences and origins of all packages");
    run(
        &mut command("cargo", &["deny", "--offline", "--locked", "check", "licenses", "bans", "sources"]),
        "deny.toml says what is allowed and why; use another package, or change that.",
    )?;
    for lock in LOCKS {
        let text = fs::read_to_string(root().join(lock)).map_err(|error| format!("{lock}: {error}"))?;
        let packages = text.matches("\"node_modules/").count();
        let pinned = text.matches("\"integrity\": \"sha512-").count();
        if packages != pinned || text.contains("git+") {
            return Err(format!(
                "{lock} pins {pinned} of {packages} packages to their hashes. Run `npm install` in its folder."
            ));
        }
    }
    Ok(())
}

/// Checks packages against the advisory databases of Rust and npm, which are not part of the package registries.
pub fn advisories() -> Result {
    tools::cargo_deny()?;
    step("Known vulnerabilities of Rust packages");
    let remedy = "The lines above name the packages, or say that the database could not be reached.";
    run(&mut command("cargo", &["deny", "check", "advisories"]), remedy)?;
    step("Known vulnerabilities of npm packages");
    LOCKS.iter().try_for_each(|lock| {
        let folder = root().join(lock).parent().expect("in a folder").to_owned();
        run(command("npm", &["audit"]).current_dir(folder), remedy)
    })
}

/// Lists all packages in the page's engine (CycloneDX), in target/sbom.
pub fn sbom() -> Result {
    tools::cargo_cyclonedx()?;
    step("Listing the packages in the page's engine");
    let arguments = ["cyclonedx", "--format", "json", "--target", "wasm32-unknown-unknown"];
    let features = format!("{},webgpu", web::FULL);
    let arguments = [&arguments[..], &["--no-default-features", "--features", &features]].concat();
    let name = ["--override-filename", "sottovoce.cdx", "--quiet"];
    run(&mut command("cargo", &[&arguments[..], &name].concat()), "The lines above say why.")?;
    let (list, folder) = ("sottovoce.cdx.json", root().join("target/sbom"));
    // It contains the project's folder.
    let here = root().display().to_string();
    fs::create_dir_all(&folder)
        .and_then(|()| fs::read_to_string(root().join(list)))
        .and_then(|text| fs::write(folder.join(list), text.replace(&here, "")))
        .and_then(|()| fs::remove_file(root().join(list)))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    // One is written for each crate of the workspace; xtask is no part of the page.
    let _ = fs::remove_file(root().join("xtask").join(list));
    eprintln!("Written: target/sbom/{list}");
    Ok(())
}

/// Builds the last commit twice, in two folders, and compares every file.
pub fn reproducible() -> Result {
    tools::for_build()?;
    let built: Vec<Hashes> = ["once", "and-once-more/in-another-place"]
        .into_iter()
        .map(|folder| build_in(&root().join("target/reproducible").join(folder)))
        .collect::<Result<_>>()?;
    let [once, again] = &built[..] else { unreachable!("two builds") };
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

/// Builds the page from the last commit in a new folder, without earlier build outputs.
fn build_in(folder: &Path) -> Result<Hashes> {
    step(&format!("Building the last commit from scratch in {}", folder.display()));
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let path = folder.display().to_string();
    let unpack = format!("git archive HEAD | tar -x -C '{path}'");
    run(&mut command("sh", &["-c", &unpack]), "Is this a git checkout?")?;
    // Rust's tools have the same versions, and take long to build. npm's are installed again: npm empties the target of a link.
    fs::create_dir_all(folder.join("target")).map_err(|error| format!("{path}: {error}"))?;
    link(&root().join("target/tools"), &folder.join("target/tools"))?;
    run(command("cargo", &["xtask", "build"]).current_dir(folder), "The lines above say why.")?;
    let listed = output("sh", &["-c", &format!("cd '{path}/dist' && find . -type f -exec sha256sum {{}} +")])
        .ok_or("sha256sum failed")?;
    let hashes = listed.lines().filter_map(|line| line.split_once("  "));
    Ok(hashes.map(|(hash, path)| (path.to_owned(), hash.to_owned())).collect())
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> Result {
    std::os::unix::fs::symlink(from, to).map_err(|error| format!("{}: {error}", to.display()))
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result {
    Err("Two builds can be compared on Linux and macOS only.".to_owned())
}
