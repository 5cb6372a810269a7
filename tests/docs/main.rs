//! The pages for authors of functions, followed word by word in an empty folder: every command is run, every snippet is built, and what
//! they print is what the page says.
//!
//! What a block of a page is, a comment above it says (in Markdown, `<!-- … -->`):
//!
//! | comment | the block |
//! |---|---|
//! | none, `sh` | is run by bash; `cd` holds for the blocks below |
//! | `fails`, `sh` | is run, and must fail |
//! | `output` | is what the commands above printed, on both streams; `…` is any text in a line, and alone any lines |
//! | `file: PATH` | is written there |
//! | `append: PATH` | is written behind what is there |
//! | `made: PATH` | stands in that file, word by word |
//! | `not run: WHY` | is only read |
//! | none, `json` | is JSON |
//! | none, `text` or nothing | is only read |
//!
//! `needs: rust, go` means: what follows needs these toolchains, until the next such comment (`needs: nothing`). `checkout` means: the folder has
//! the examples and SDKs of this tree.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first mistake, and says what it left out"
)]

mod codes;
mod page;
mod toolchains;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use page::{Block, Role};

/// The folder that a page is followed in.
struct Walk {
    /// The same each time, so that what was built is not built again.
    root: PathBuf,
    page: String,
    /// Where the commands have gone to.
    here: PathBuf,
    /// What the last commands printed.
    printed: String,
    left_out: Vec<&'static str>,
}

fn tree() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Walk {
    fn new(page: &str) -> Self {
        let name = page.replace('/', "-").replace(".md", "");
        let root = tree().join("target/docs").join(name);
        if root.exists() {
            std::fs::remove_dir_all(&root).unwrap();
        }
        std::fs::create_dir_all(&root).unwrap();
        Self {
            here: root.clone(),
            root,
            page: page.to_string(),
            printed: String::new(),
            left_out: Vec::new(),
        }
    }

    fn at(&self, block: &Block) -> String {
        format!("{}:{}", self.page, block.line)
    }

    fn follow(&mut self, text: &str) {
        let blocks = page::blocks(text).unwrap_or_else(|wrong| panic!("{}:{wrong}", self.page));
        if text.contains("<!-- checkout -->") {
            for folder in ["examples", "sdk"] {
                copy(&tree().join(folder), &self.root.join(folder));
            }
        }
        for block in &blocks {
            let missing = block.needs.iter().find(|name| !toolchains::has(name));
            if let Some(missing) = missing {
                if !self.left_out.contains(missing) {
                    eprintln!("left out of {}: what needs {missing}", self.page);
                    self.left_out.push(missing);
                }
                continue;
            }
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        let at = self.at(block);
        match &block.role {
            Role::Run { fails } => self.run(block, *fails),
            Role::Output => {
                let fits = page::fits(&block.text, &self.printed);
                assert!(
                    fits,
                    "{at}: it printed\n{}\ninstead of\n{}",
                    self.printed, block.text
                );
            }
            Role::File(path) => {
                let path = self.here.join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, &block.text).unwrap();
            }
            Role::Append(path) => {
                let path = self.here.join(path);
                let text = std::fs::read_to_string(&path).unwrap() + &block.text;
                std::fs::write(path, text).unwrap();
            }
            Role::Made(path) => {
                let text = std::fs::read_to_string(self.here.join(path));
                let text = text.unwrap_or_else(|error| panic!("{at}: {path}: {error}"));
                assert!(
                    text.contains(block.text.trim_end()),
                    "{at}: {path} is\n{text}"
                );
            }
            Role::Json => {
                let parsed: Result<serde_json::Value, _> = serde_json::from_str(&block.text);
                parsed.unwrap_or_else(|error| panic!("{at}: {error}"));
            }
            Role::Read => {}
        }
    }

    /// Runs commands in the folder where the last ones ended.
    fn run(&mut self, block: &Block, fails: bool) {
        let state = self.root.join(".where");
        let script = format!(
            "set -euo pipefail\n{}\npwd >\"{}\"\n",
            block.text,
            state.display()
        );
        let program = Path::new(env!("CARGO_BIN_EXE_diagon")).parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut command = Command::new("bash");
        command
            .args(["-c", &format!("exec 2>&1\n{script}")])
            .current_dir(&self.here)
            .env("PATH", format!("{}:{path}", program.display()))
            // Dependencies are built once for all pages.
            .env("CARGO_TARGET_DIR", tree().join("target/guests"))
            .stdin(Stdio::null());
        for name in [
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
            "LD_PRELOAD",
            "RUSTC_WORKSPACE_WRAPPER",
        ] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        self.printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let at = self.at(block);
        assert_eq!(
            output.status.success(),
            !fails,
            "{at}:\n{}\n{}",
            block.text,
            self.printed
        );
        if !fails {
            self.here = std::fs::read_to_string(state).unwrap().trim_end().into();
        }
    }
}

/// Copies a folder without what builds leave in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|e| (e.path(), e.file_name())).unwrap();
        if ["target", "node_modules", "build"]
            .iter()
            .any(|left| name == *left)
        {
            continue;
        }
        let to = to.join(name);
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(path, to).unwrap();
        }
    }
}

fn follow(page: &str) {
    let text = std::fs::read_to_string(tree().join(page)).unwrap();
    Walk::new(page).follow(&text);
}

macro_rules! pages {
    ($($name:ident: $page:literal,)*) => {
        $(#[test]
        fn $name() {
            follow($page);
        })*

        /// A page that is not followed can't be trusted.
        #[test]
        fn all_pages_are_followed() {
            let mut pages: Vec<String> = Vec::new();
            for entry in std::fs::read_dir(tree().join("docs")).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                if name.starts_with("udf-") {
                    pages.push(format!("docs/{name}"));
                }
            }
            for entry in std::fs::read_dir(tree().join("sdk")).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                pages.push(format!("sdk/{name}/README.md"));
            }
            pages.sort();
            let mut followed = vec![$($page),*];
            followed.sort_unstable();
            assert_eq!(pages, followed);
        }
    };
}

pages! {
    examples: "docs/udf-examples.md",
    guide: "docs/udf-guide.md",
    performance: "docs/udf-performance.md",
    reference: "docs/udf-reference.md",
    row_modules: "docs/udf-row-modules.md",
    security: "docs/udf-security.md",
    troubleshooting: "docs/udf-troubleshooting.md",
    sdk_assemblyscript: "sdk/assemblyscript/README.md",
    sdk_c: "sdk/c/README.md",
    sdk_go: "sdk/go/README.md",
    sdk_rust: "sdk/rust/README.md",
}
