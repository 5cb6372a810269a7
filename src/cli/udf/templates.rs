//! The files of `diagon udf new`: they are in the program, so that a project needs nothing that isn't published.

use super::project::Language;

/// A file of the tree, by its path from the template's or the SDK's folder.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

/// A project in one language.
pub(super) struct Template {
    /// As people write it.
    pub(super) language: &'static str,
    pub(super) project: &'static [File],
    /// The SDK's own files, which go into a folder of the project.
    pub(super) sdk: &'static [File],
}

macro_rules! files {
    ($folder:literal: $($path:literal)*) => {
        &[$(File {
            path: $path,
            text: include_str!(concat!("../../../sdk/", $folder, "/", $path)),
        }),*]
    };
}

pub(super) fn of(language: Language) -> Template {
    match language {
        Language::Rust => RUST,
        Language::Go => GO,
        Language::AssemblyScript => ASSEMBLYSCRIPT,
        // Nobody begins in text.
        Language::C | Language::Text => C,
    }
}

const RUST: Template = Template {
    language: "Rust",
    project: files!(
        "rust/template":
        ".cargo/config.toml" ".gitignore" "Cargo.toml.tmpl" "README.md" "src/lib.rs.tmpl" "tests.jsonl"
    ),
    sdk: files!(
        "rust":
        "Cargo.toml" "README.md" "macros/Cargo.toml" "macros/src/arguments.rs" "macros/src/emit.rs" "macros/src/function.rs"
        "macros/src/keys.rs" "macros/src/lib.rs" "macros/src/literals.rs" "macros/src/manifest.rs" "macros/src/options.rs"
        "macros/src/types.rs" "src/answer.rs" "src/batch.rs" "src/column.rs" "src/function.rs" "src/guest.rs" "src/lib.rs" "src/list.rs"
        "src/out.rs" "src/param.rs" "src/raw.rs" "src/run.rs" "src/set.rs" "src/testing.rs" "src/testing/builder.rs"
        "src/testing/strings.rs" "src/validity.rs"
    ),
};

const GO: Template = Template {
    language: "Go",
    project: files!(
        "go/template":
        ".gitignore" "README.md" "go.mod.tmpl" "main.go.tmpl" "main_test.go.tmpl" "manifest.json" "tests.jsonl" "udf_gen.go.tmpl"
    ),
    sdk: files!(
        "go":
        "README.md" "abi/answer.go" "abi/batch.go" "abi/column.go" "abi/host_native.go" "abi/host_wasm.go" "abi/panic.go" "abi/param.go"
        "abi/present.go" "cmd/udfgen/main.go" "condition.go" "go.mod" "internal/gen/arguments.go" "internal/gen/directive.go"
        "internal/gen/emit.go" "internal/gen/emit_inputs.go" "internal/gen/emit_loop.go" "internal/gen/files.go" "internal/gen/head.go"
        "internal/gen/model.go" "internal/gen/parse.go" "internal/gen/types.go" "udf.go" "udftest/cases.go" "udftest/layout.go"
        "udftest/udftest.go" "udftest/values.go"
    ),
};

const ASSEMBLYSCRIPT: Template = Template {
    language: "AssemblyScript",
    project: files!(
        "assemblyscript/template":
        ".gitignore.tmpl" ".npmrc" "README.md" "asconfig.json" "assembly/index.ts.tmpl" "assembly/tsconfig.json" "package-lock.json.tmpl"
        "package.json.tmpl" "test/function.test.mjs.tmpl" "tests.jsonl"
    ),
    sdk: files!(
        "assemblyscript":
        "README.md" "asconfig.json" "assembly/answers.ts" "assembly/arena.ts" "assembly/bytes.ts" "assembly/columns.ts" "assembly/glue.ts"
        "assembly/host.ts" "assembly/index.ts" "assembly/layout.ts" "assembly/list.ts" "assembly/opt.ts" "assembly/params.ts"
        "assembly/reserve.ts" "assembly/runs.ts" "assembly/str.ts" "assembly/vector.ts" "package.json" "testing.mjs" "testing/batch.mjs"
        "testing/values.mjs" "transform.mjs" "transform/compiler.mjs" "transform/complaints.mjs" "transform/decorators.mjs" "transform/functions.mjs"
        "transform/glue.mjs" "transform/literals.mjs" "transform/manifest.mjs" "transform/nulls.mjs" "transform/options.mjs" "transform/types.mjs"
        "transform/vector.mjs"
    ),
};

const C: Template = Template {
    language: "C",
    project: files!(
        "c/template":
        ".gitignore" "Makefile" "README.md" "compile_flags.txt" "tests.jsonl" "{{name}}.c" "{{name}}_test.c"
    ),
    sdk: files!(
        "c":
        "README.md" "diagon_udf.h" "diagon_udf_abi.h" "diagon_udf_answers.h" "diagon_udf_manifest.h" "diagon_udf_test.h" "diagon_udf_values.h"
    ),
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    /// What of an SDK isn't for people's projects: its own tests, and what is about them.
    const LEFT_OUT: [&str; 11] = [
        "template",
        "everything",
        "test",
        "tests",
        "tests.rs",
        "node_modules",
        "target",
        "build",
        ".npmrc",
        ".gitignore",
        "package-lock.json",
    ];

    fn found(folder: &Path, under: &Path, left_out: &[&str], out: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let (path, name) = entry.map(|e| (e.path(), e.file_name())).unwrap();
            let name = name.to_str().unwrap();
            if left_out.contains(&name) || name.ends_with("_test.go") {
                continue;
            }
            if path.is_dir() {
                found(&path, under, left_out, out);
            } else {
                out.push(path.strip_prefix(under).unwrap().display().to_string());
            }
        }
    }

    fn paths(files: &[File]) -> Vec<String> {
        let mut paths: Vec<String> = files.iter().map(|file| file.path.to_string()).collect();
        paths.sort();
        paths
    }

    #[test]
    fn no_file_is_forgotten() {
        let sdk = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/sdk"));
        for (language, folder) in [
            (Language::Rust, "rust"),
            (Language::Go, "go"),
            (Language::AssemblyScript, "assemblyscript"),
            (Language::C, "c"),
        ] {
            let template = of(language);
            let project = sdk.join(folder).join("template");
            let folders: [(PathBuf, &[&str], &[File]); 2] = [
                (project, &[], template.project),
                (sdk.join(folder), &LEFT_OUT, template.sdk),
            ];
            for (folder, left_out, listed) in folders {
                let mut there = Vec::new();
                found(&folder, &folder, left_out, &mut there);
                there.sort();
                assert_eq!(there, paths(listed), "{}", folder.display());
            }
        }
    }

    #[test]
    fn placeholders_are_known() {
        for language in [
            Language::Rust,
            Language::Go,
            Language::AssemblyScript,
            Language::C,
        ] {
            for file in of(language).project {
                let known = ["{{name}}", "{{ident}}", "{{sdk}}"];
                let text = format!("{} {}", file.path, file.text);
                let rest = known
                    .iter()
                    .fold(text, |text, known| text.replace(known, ""));
                assert!(!rest.contains("{{"), "{}: {rest}", file.path);
            }
        }
    }
}
