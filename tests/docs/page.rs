//! Blocks of a Markdown page, and what is to become of them.

/// What becomes of a block.
#[derive(Debug, PartialEq)]
pub(crate) enum Role {
    Run { fails: bool },
    Output,
    File(String),
    Append(String),
    Made(String),
    Json,
    Read,
}

#[derive(Debug)]
pub(crate) struct Block {
    /// Of its first line of text, from 1.
    pub(crate) line: usize,
    pub(crate) role: Role,
    pub(crate) needs: Vec<&'static str>,
    pub(crate) text: String,
}

const TOOLCHAINS: [&str; 5] = ["rust", "go", "assemblyscript", "c", "clang-19"];

/// Finds the blocks of a page.
///
/// # Errors
/// Line and reason, if it isn't clear what becomes of one.
pub(crate) fn blocks(page: &str) -> Result<Vec<Block>, String> {
    let mut found = Vec::new();
    let mut needs = Vec::new();
    let mut comment: Option<&str> = None;
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let said = line.trim();
        let said = said
            .strip_prefix("<!--")
            .and_then(|s| s.strip_suffix("-->"));
        if let Some(said) = said.map(str::trim) {
            match said.strip_prefix("needs:") {
                Some(names) => {
                    needs = toolchains(names).ok_or(format!("{}: {said}", number + 1))?;
                }
                None => comment = Some(said),
            }
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let Some(kind) = line.trim_start().strip_prefix("```") else {
            if !line.trim().is_empty() {
                comment = None;
            }
            continue;
        };
        let mut text = String::new();
        for (_, line) in lines.by_ref() {
            if line.trim() == "```" {
                break;
            }
            text.push_str(line.get(indent..).unwrap_or(""));
            text.push('\n');
        }
        let role = role(comment.take(), kind.trim());
        let line = number + 2;
        let role = role.ok_or_else(|| format!("{line}: nobody runs this block"))?;
        let needs = needs.clone();
        found.push(Block {
            line,
            role,
            needs,
            text,
        });
    }
    Ok(found)
}

fn toolchains(names: &str) -> Option<Vec<&'static str>> {
    if names.trim() == "nothing" {
        return Some(Vec::new());
    }
    let known = |name: &str| TOOLCHAINS.into_iter().find(|l| *l == name.trim());
    names.split(',').map(known).collect()
}

fn role(comment: Option<&str>, kind: &str) -> Option<Role> {
    let comment = comment.unwrap_or("");
    let (what, of) = comment.split_once(':').unwrap_or((comment, ""));
    let of = || of.trim().to_string();
    match (what, kind) {
        ("file", _) => Some(Role::File(of())),
        ("append", _) => Some(Role::Append(of())),
        ("made", _) => Some(Role::Made(of())),
        ("output", _) => Some(Role::Output),
        ("fails", "sh") => Some(Role::Run { fails: true }),
        (_, "sh") if what != "not run" => Some(Role::Run { fails: false }),
        (_, "json") if what != "not run" => Some(Role::Json),
        ("not run", _) if !of().is_empty() => Some(Role::Read),
        (_, "text" | "") => Some(Role::Read),
        _ => None,
    }
}

/// Whether `printed` is what a page says, in which `…` stands for any text in a line, and a line of it for any lines.
pub(crate) fn fits(said: &str, printed: &str) -> bool {
    let said: Vec<&str> = said.trim_end().lines().map(str::trim_end).collect();
    let printed: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
    lines_fit(&said, &printed)
}

fn lines_fit(said: &[&str], printed: &[&str]) -> bool {
    match (said, printed) {
        ([], []) => true,
        (["…", rest @ ..], _) => {
            (0..=printed.len()).any(|skip| lines_fit(rest, &printed[skip..]))
        }
        ([line, rest @ ..], [got, others @ ..]) => line_fits(line, got) && lines_fit(rest, others),
        _ => false,
    }
}

fn line_fits(said: &str, got: &str) -> bool {
    let mut parts = said.split('…');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = got.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn what_is_printed_is_compared_with_what_is_said() {
    for (said, printed, expected) in [
        ("a b\n", "a b\n", true),
        ("a b", "a  b", false),
        ("a … c", "a bbb c\n", true),
        ("a … c", "a bbb d", false),
        ("… ns", "12.5 ns", true),
        ("a\n…\nz", "a\nb\nc\nz", true),
        ("a\n…\nz", "a\nb\nc", false),
        ("a\n…", "a", true),
        ("a", "a\nb", false),
    ] {
        assert_eq!(fits(said, printed), expected, "{said:?} {printed:?}");
    }
}

#[test]
fn blocks_have_roles() {
    let page = "<!-- needs: go -->\ntext\n<!-- file: a.go -->\n```go\npackage a\n```\n\n```sh\ncd x\n```\n<!-- output -->\n\n```\nb\n```\n<!-- needs: nothing -->\n```json\n{}\n```\n";
    let found = blocks(page).unwrap();
    let roles: Vec<&Role> = found.iter().map(|b| &b.role).collect();
    let (file, run) = (Role::File("a.go".into()), Role::Run { fails: false });
    assert_eq!(roles, [&file, &run, &Role::Output, &Role::Json]);
    assert_eq!(found[0].needs, ["go"]);
    assert!(found[3].needs.is_empty());
    assert_eq!((found[0].line, found[0].text.as_str()), (5, "package a\n"));
    for wrong in [
        "```go\n```",
        "<!-- not run: -->\n```go\n```",
        "<!-- needs: cobol -->",
    ] {
        assert!(blocks(wrong).is_err(), "{wrong}");
    }
}
