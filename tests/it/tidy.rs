//! House style that a machine can check: the import table, sizes, heads, words (`docs/architecture.md`).
//!
//! Each test lists every breach with file and line, so one run is enough to mend them all.

use std::fs;
use std::path::{Path, PathBuf};

/// A reader holds one file in the head; past this it becomes two.
const FILE_LINES: usize = 400;
/// Likewise a function, comments included.
const FUNCTION_LINES: usize = 60;

/// What a module may import of ours; what is not listed it may not. `*` is everything.
const IMPORTS: [(&str, &[&str]); 16] = [
    ("domain", &["domain"]),
    ("clock", &[]),
    ("config", &["config", "domain::money", "domain::referral"]),
    ("telemetry", &["config::settings"]),
    ("store", &["store", "domain"]),
    ("actors", &["actors", "domain", "store", "clock"]),
    ("mail", &["mail"]),
    ("identity", &["identity", "domain", "store", "actors", "clock", "config", "mail"]),
    ("alerts", &["alerts", "domain", "store", "actors", "clock", "mail"]),
    ("payments", &["payments", "domain", "store", "actors", "clock", "config"]),
    ("referrals", &["referrals", "domain", "store", "actors", "clock", "config"]),
    ("upstream", &["upstream", "domain", "actors"]),
    (
        "http",
        &["http", "domain", "actors", "identity", "payments", "upstream", "store", "config", "clock", "telemetry"],
    ),
    ("app", &["*"]),
    ("cli", &["*"]),
    ("main", &["*"]),
];

/// What a module must not name, ours or a crate's, whatever the table above allows.
const FORBIDDEN: [(&str, &[&str]); 13] = [
    ("domain", &["tokio", "actix", "sqlx", "awc", "async fn", "f32", "f64", "Instant", "SystemTime", "Utc::now"]),
    ("store", &["actix", "awc"]),
    ("actors", &["actix_web", "awc", "sqlx", "query("]),
    // They may hold a pool for the store's functions, but write no statement of their own.
    ("identity", &["actix_web", "sqlx::query", "query_as", "query_scalar", "execute"]),
    ("payments", &["actix_web", "sqlx::query", "query_as", "query_scalar", "execute"]),
    ("referrals", &["actix_web", "sqlx::query", "query_as", "query_scalar", "execute"]),
    ("upstream", &["sqlx", "deadpool_redis"]),
    (
        "http",
        &[
            "sqlx",
            "deadpool_redis",
            "store::ledger",
            "store::journal",
            "store::pool",
            "store::spool",
            "store::rows",
            "store::columns",
            "store::ownership",
            "store::private_postgres",
        ],
    ),
    ("alerts", &["actix_web", "sqlx", "query("]),
    // Whoever reads the portal must not be able to learn what the reseller pays, not even by mistake.
    ("http/portal", &["Cost", "Ratio", "http::dashboard", "http::manage", "http::operator"]),
    ("alerts/key_mail", &["Cost", "Ratio", "store::balance_marks", "store::views::keys"]),
    ("store/key_marks", &["Cost", "Ratio", "funded", "posted"]),
    ("http/page", &["Cost", "Ratio", "http::dashboard", "http::manage", "http::operator"]),
];

/// Names that say nothing, or another word than ours for the thing.
const VAGUE: [&str; 4] = ["wallet", "utils", "helper", "manager"];

/// One source file: its path from the root, and its lines with comments and literals blanked.
struct Source {
    path: String,
    text: String,
    code: Vec<String>,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
    }

    /// The path below `src/` without the ending, such as `http/proxy/messages`.
    fn module(&self) -> Option<&str> {
        self.path.strip_prefix("src/").map(|path| path.trim_end_matches(".rs").trim_end_matches("/mod"))
    }

    fn breach(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{}: {what}", self.path, line + 1)
    }

    /// Lines of the program, without the tests at the end of the file.
    fn program(&self) -> impl Iterator<Item = (usize, &String)> {
        let tests = self.text.lines().position(|line| line == "#[cfg(test)]").unwrap_or(usize::MAX);
        self.code.iter().enumerate().take(tests)
    }
}

#[test]
fn modules_import_what_the_table_allows() {
    let breaches = each_source(|source| {
        let module = source.module()?;
        let top = module.split('/').next()?;
        let (_, allowed) = IMPORTS.iter().find(|(name, _)| *name == top)?;
        let lines = source.program().flat_map(|(at, line)| imports(line).map(move |path| (at, path)));
        let foreign = lines.filter(|(_, path)| !allowed.iter().any(|a| *a == "*" || is_below(path, a)));
        Some(foreign.map(|(at, path)| source.breach(at, format!("{top} may not import {path}"))).collect())
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn every_module_is_in_the_table() {
    let breaches = each_source(|source| {
        let top = source.module()?.split('/').next()?;
        let known = top == "lib" || IMPORTS.iter().any(|(name, _)| *name == top);
        (!known).then(|| vec![source.breach(0, format!("module {top} is not in the import table"))])
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn modules_name_nothing_that_is_not_theirs() {
    let breaches = each_source(|source| {
        let module = source.module()?;
        let rules = FORBIDDEN.iter().filter(|(name, _)| module == *name || module.starts_with(&format!("{name}/")));
        let words: Vec<&str> = rules.flat_map(|(_, words)| words.iter().copied()).collect();
        let lines = source.program().flat_map(|(at, line)| words.iter().map(move |word| (at, line, word)));
        let found = lines.filter(|(_, line, word)| has_word(line, word));
        Some(found.map(|(at, _, word)| source.breach(at, format!("{module} may not name {word}"))).collect())
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn files_and_functions_fit_in_the_head() {
    let breaches = each_source(|source| {
        let mut found = Vec::new();
        if source.code.len() > FILE_LINES {
            found.push(source.breach(0, format!("{} lines, the ceiling is {FILE_LINES}", source.code.len())));
        }
        for (at, length) in functions(&source.code) {
            if length > FUNCTION_LINES {
                found.push(source.breach(at, format!("a function of {length} lines, the ceiling is {FUNCTION_LINES}")));
            }
        }
        Some(found)
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn every_file_begins_by_saying_what_it_owns() {
    let breaches = each_source(|source| {
        let headed = source.text.starts_with("//!") || source.path == "src/main.rs" && source.text.contains("//!");
        (!headed).then(|| vec![source.breach(0, "no //! head")])
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn a_mod_file_holds_a_doc_comment_and_mod_lines() {
    let breaches = each_source(|source| {
        let is_mod = source.path.ends_with("/mod.rs");
        let stray = source.code.iter().enumerate().filter(|(_, line)| {
            let line = line.trim();
            let names_module = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ").starts_with("mod ");
            !(line.is_empty() || line.starts_with("#[") || names_module && line.ends_with(';'))
        });
        is_mod.then(|| stray.map(|(at, line)| source.breach(at, format!("code in mod.rs: {}", line.trim()))).collect())
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn names_come_from_where_they_are() {
    let breaches = each_source(|source| {
        let found = source.code.iter().enumerate().filter_map(|(at, line)| {
            let import = line.trim_start();
            let is_use = import.starts_with("use ") || import.starts_with("pub use ");
            let rule = match () {
                () if line.contains("super::super") => "super::super: name the path from crate",
                // In-file tests see what they test.
                () if is_use && import.contains("*;") && import != "use super::*;" => {
                    "a glob import hides where a name is from"
                }
                () if import.starts_with("pub use ") => "a re-export gives a thing two names",
                () => return None,
            };
            Some(source.breach(at, rule))
        });
        Some(found.collect())
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn names_say_something() {
    let breaches = each_source(|source| {
        let lines = source.code.iter().enumerate().map(|(at, line)| (at, line.to_lowercase()));
        let in_code =
            lines.flat_map(|(at, line)| VAGUE.into_iter().filter(move |v| line.contains(v)).map(move |v| (at, v)));
        let in_path = VAGUE.into_iter().filter(|v| source.path.to_lowercase().contains(v)).map(|v| (0, v));
        Some(in_code.chain(in_path).map(|(at, v)| source.breach(at, format!("the word {v}"))).collect())
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn tests_do_not_sleep_and_are_not_ignored() {
    let breaches = each_source(|source| {
        let tests = source.text.lines().position(|line| line == "#[cfg(test)]").unwrap_or(usize::MAX);
        let from = if source.is_test() { 0 } else { tests };
        // What tests share may wait for a condition; a test waits through it. A simulation's time is not the machine's.
        let may_wait = ["tests/it/support/", "tests/it/simulate/"].iter().any(|path| source.path.starts_with(path));
        let words: &[&str] = if may_wait { &["#[ignore"] } else { &["sleep(", "#[ignore"] };
        let lines = source.code.iter().enumerate().skip(from);
        let found = lines.filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        Some(found.map(|(at, line)| source.breach(at, line.trim())).collect())
    });
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// The repository is read by strangers: it names no place and no person of where it was written.
#[test]
fn the_repository_speaks_of_the_product_alone() {
    let home = format!("{}/", root().display());
    let words = ["/root/", "/home/", home.as_str()];
    let mut breaches = Vec::new();
    for path in files(&root()).into_iter().filter(|path| !path.ends_with("tests/it/tidy.rs")) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let lines = text.lines().enumerate();
        let found = lines.flat_map(|(at, line)| words.iter().filter(|w| line.contains(**w)).map(move |w| (at, *w)));
        breaches.extend(found.map(|(at, word)| format!("{}:{}: {word}", path.display(), at + 1)));
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of the repository but what tools made.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the repository").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let made = ["target", "data", ".git", "node_modules", "__pycache__"].iter().any(|made| name == *made);
        if made || name.to_string_lossy().starts_with(".venv") {
            continue;
        }
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn each_source(check: impl Fn(&Source) -> Option<Vec<String>>) -> Vec<String> {
    let root = root();
    let rust = files(&root).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    let sources = rust.map(|path| {
        let text = fs::read_to_string(&path).expect("a source file");
        let path = path.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        Source { path, code: code_of(&text), text }
    });
    sources.filter_map(|source| check(&source)).flatten().collect()
}

/// The lines without comments, and with each text literal as a single quotation mark. Good for rustfmt's output, not
/// for every Rust.
fn code_of(text: &str) -> Vec<String> {
    let mut open: Option<String> = None;
    text.lines().map(|line| blank(line, &mut open)).collect()
}

fn blank(line: &str, open: &mut Option<String>) -> String {
    let (mut code, mut rest) = (String::new(), line);
    loop {
        if let Some(end) = open.clone() {
            let Some(at) = end_of_literal(rest, &end) else { return code };
            rest = &rest[at + end.len()..];
            code.push('"');
            *open = None;
        }
        let comment = rest.find("//").unwrap_or(usize::MAX);
        let Some(quote) = rest.find('"').filter(|at| *at < comment) else {
            code.push_str(&rest[..comment.min(rest.len())]);
            return code;
        };
        let before = &rest[..quote];
        code.push_str(before);
        rest = &rest[quote + 1..];
        if before.ends_with('\'') && rest.starts_with('\'') || before.ends_with("'\\") {
            continue;
        }
        let hashes: String = before.chars().rev().take_while(|c| *c == '#').collect();
        let raw = before.trim_end_matches('#').ends_with('r');
        *open = Some(if raw { format!("\"{hashes}") } else { "\"".to_owned() });
    }
}

/// Where the literal's closing quote begins; an escaped quote is none.
fn end_of_literal(rest: &str, end: &str) -> Option<usize> {
    if end.len() > 1 {
        return rest.find(end);
    }
    let mut escaped = false;
    rest.char_indices().find_map(|(at, c)| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })
}

/// The paths below `crate::` that a line names.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
        rest[..end].trim_end_matches(':')
    })
}

fn is_below(path: &str, allowed: &str) -> bool {
    path == allowed || path.strip_prefix(allowed).is_some_and(|rest| rest.starts_with("::"))
}

/// True if the line names the word whole: `Cost` is not in `CostHeader`, nor `actix` in `reactix`.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric();
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line[..at].chars().next_back(), line[at + word.len()..].chars().next());
        // `actix` stands for its family: `actix_web` is meant too.
        !before.is_some_and(|c| part(c) || c == '_') && !after.is_some_and(part)
    })
}

/// Line and length of each function, by rustfmt's indentation.
fn functions(code: &[String]) -> Vec<(usize, usize)> {
    let heads = code.iter().enumerate().filter(|(_, line)| {
        let line = line.trim_start();
        let words = line.split('(').next().unwrap_or_default();
        words.split(' ').any(|word| word == "fn") && !line.ends_with(';') && !line.starts_with('}')
    });
    heads
        .filter_map(|(at, line)| {
            let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
            let length = code[at..].iter().position(|line| *line == end)?;
            Some((at, length + 1))
        })
        .collect()
}

#[test]
fn the_tidy_checks_see_what_they_must() {
    let code = code_of("let a = \"sleep(\"; // wallet\nlet b = r#\"x \" y\"#; sleep(1);");
    assert_eq!(code, ["let a = \"; ", "let b = r#\"; sleep(1);"]);
    assert_eq!(imports("use crate::store::pool::{self};").collect::<Vec<_>>(), ["store::pool"]);
    assert!(is_below("store::pool", "store") && !is_below("stored::x", "store"));
    assert!(has_word("x: Cost,", "Cost") && !has_word("x: CostHeader", "Cost") && has_word("actix_web::x", "actix"));
    let long: Vec<String> = ["    fn a() {", "        b", "    }"].map(str::to_owned).to_vec();
    assert_eq!(functions(&long), [(0, 3)]);
}
