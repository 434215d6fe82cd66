//! Modules use only those that ARCHITECTURE.md lists for them, and only in one direction.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The table of modules: name and the modules it uses, in the order of the rows.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let text = fs::read_to_string("ARCHITECTURE.md").expect("ARCHITECTURE.md");
    let rows = text.lines().skip_while(|line| !line.starts_with("| module |")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|row| {
            let cells: Vec<&str> = row.split('|').collect();
            let names =
                |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
            (names(cells[1]).remove(0), names(cells[3]).into_iter().collect())
        })
        .collect()
}

/// The texts of the files below a folder with this extension.
fn texts(folder: &Path, extension: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let found = entries.flat_map(|path| match path.extension() {
        _ if path.is_dir() => texts(&path, extension),
        Some(found) if found == extension => vec![fs::read_to_string(path).expect("text")],
        _ => Vec::new(),
    });
    found.collect()
}

/// Modules of this crate that a file names outside its comments and tests.
fn named_in(text: &str) -> BTreeSet<String> {
    let code = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    let code = code.filter(|line| !line.trim_start().starts_with("//"));
    let paths = code.flat_map(|line| line.split("crate::").skip(1));
    paths
        .filter_map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_').next())
        .map(str::to_owned)
        .collect()
}

fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in fs::read_dir("src").expect("src").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_stem().expect("a name").to_string_lossy().into_owned();
        if name == "lib" || name == "bin" {
            continue;
        }
        let files = match entry.is_dir() {
            true => texts(&entry, "rs"),
            false => vec![fs::read_to_string(&entry).expect("text")],
        };
        let used = uses.entry(name.clone()).or_default();
        used.extend(files.iter().flat_map(|text| named_in(text)));
        used.remove(&name);
    }
    uses
}

#[test]
fn modules_use_what_the_table_says() {
    let table: BTreeMap<String, BTreeSet<String>> = table().into_iter().collect();
    let uses = uses();
    let names = |map: &BTreeMap<String, BTreeSet<String>>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&table), names(&uses), "ARCHITECTURE.md has a row for each module of src");
    for (module, used) in uses {
        assert_eq!(table[&module], used, "the row of `{module}` in ARCHITECTURE.md against its `use` lines");
    }
}

#[test]
fn no_module_uses_one_below_it() {
    let mut above = BTreeSet::new();
    for (module, used) in table() {
        let below: Vec<&String> = used.difference(&above).collect();
        assert!(below.is_empty(), "`{module}` uses {below:?}, which must stand above it");
        above.insert(module);
    }
}

/// Texts between `before` and `after`.
fn between(text: &str, before: &str, after: &str) -> Vec<String> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).map(str::to_owned).collect()
}

#[test]
fn page_lesson_and_package_list_the_shipped_models() {
    let read = |path: &str| fs::read_to_string(path).expect("text");
    let folders =
        fs::read_dir("models/shipped").expect("models").map(|entry| entry.expect("an entry").file_name());
    let mut shipped: Vec<String> = folders.map(|name| name.into_string().expect("a plain name")).collect();
    shipped.sort();
    let known = sottovoce::train::ModelEntry::names();
    assert!(shipped.iter().all(|name| known.contains(&name.as_str())), "{shipped:?}");
    let engines = read("www/engine/engines.js");
    let quoted = |list: String| list.split('\'').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let models = quoted(between(&engines, "MODELS = /** @type {const} */ ([", "])").remove(0));
    let types = read("www/api-types.d.ts");
    assert_eq!(quoted(between(&types, "type ModelName = ", ";").remove(0)), models);
    for page in ["index.html", "www/lesson/lesson.html"] {
        let page = read(page);
        let select = between(&page, "<select id=\"model\"", "</select>").remove(0);
        assert_eq!(between(&select, "<option value=\"", "\""), models);
    }
    let mut sorted = models;
    sorted.sort();
    assert_eq!(sorted, shipped);
}

#[test]
fn the_package_lists_every_error_code() {
    let types = fs::read_to_string("www/engine/types.d.ts").expect("text");
    let union = between(&types, "export type ErrorCode =", ";").remove(0);
    let listed: BTreeSet<String> = between(&union, "| '", "'").into_iter().collect();
    let mut used = BTreeSet::new();
    for text in texts(Path::new("www"), "js") {
        used.extend(between(&text, "new EngineError('", "'"));
    }
    for text in texts(Path::new("www/engine"), "js") {
        used.extend(between(&text, "code: '", "'"));
    }
    // Errors of batches are in no browser.
    let modules = fs::read_dir("src").expect("src").map(|entry| entry.expect("an entry").path());
    let modules = modules.filter(|path| path.is_dir() && !path.ends_with("batch"));
    for text in modules.flat_map(|folder| texts(&folder, "rs")) {
        for body in between(&text, "fn code(&self) -> &'static str {", "\n    }\n") {
            used.extend(between(&body, "=> \"", "\""));
        }
        used.extend(between(&text, "coded(&error, \"", "\""));
    }
    // A page gets files from the browser, not by their paths.
    used.remove("unreadable-file");
    assert!(used.len() > 40, "{used:?}");
    assert_eq!(used, listed);
}

#[test]
fn the_pages_have_the_elements_that_scripts_use() {
    let types = fs::read_to_string("www/page/elements.d.ts").expect("text");
    let mut pages = texts(Path::new("www"), "html");
    pages.push(fs::read_to_string("index.html").expect("text"));
    let scripts = texts(Path::new("www"), "js");
    let elements: Vec<(&str, &str)> = types
        .lines()
        .filter_map(|line| line.strip_prefix("  '")?.strip_suffix(';')?.split_once("': "))
        .collect();
    assert!(elements.len() > 90, "{elements:?}");
    for (id, interface) in elements {
        assert!(
            scripts.iter().any(|text| text.contains(&format!("'{id}'"))),
            "no script uses #{id}: remove it from elements.d.ts"
        );
        let tags = pages.iter().flat_map(|page| between(page, "<", ">"));
        let tags: BTreeSet<String> = tags
            .filter(|tag| tag.contains(&format!("id=\"{id}\"")))
            .filter_map(|tag| tag.split_whitespace().next().map(str::to_owned))
            .collect();
        // Scripts create these.
        if ["walk-bands-picture", "walk-mfcc-picture"].contains(&id) {
            continue;
        }
        assert!(!tags.is_empty(), "no page has #{id}");
        for tag in tags {
            let expected = match &tag[..] {
                "section" | "main" => "HTMLElement",
                "p" => "HTMLParagraphElement",
                "tbody" => "HTMLTableSectionElement",
                "a" => "HTMLAnchorElement",
                "img" => "HTMLImageElement",
                "tr" => "HTMLTableRowElement",
                "h2" | "h3" => "HTMLHeadingElement",
                "ul" => "HTMLUListElement",
                "ol" => "HTMLOListElement",
                "fieldset" => "HTMLFieldSetElement",
                other => &format!("HTML{}{}Element", other[..1].to_uppercase(), &other[1..]),
            };
            assert!(
                interface.split(" & ").any(|part| part == expected),
                "#{id} is a <{tag}>, not {interface}"
            );
        }
    }
}
