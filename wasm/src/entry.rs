//! What of a file is called: its exports tell, before anything is compiled, which can take half a minute.

use wasmparser::{ComponentExternalKind, ExternalKind, Parser, Payload};

use super::error::Unusable;

/// How many exports are told where none can be called.
const SHOWN: usize = 10;

/// What is called in a component or a core module.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry<'a> {
    /// `handle` of a component.
    Handle,
    /// The instance `wasi:cli/run` of a component, of the version that its name has.
    Run(&'a str),
    /// `_start` of a core module.
    Start,
}

impl<'a> Entry<'a> {
    /// Reads the exports of `binary`. Its code is not looked at.
    pub(super) fn of(binary: &'a [u8]) -> Result<Self, Unusable> {
        let (mut names, mut found) = (Vec::new(), None);
        // What lies inside others has exports of its own.
        let mut depth = 0_usize;
        let mut is_component = false;
        for payload in Parser::new(0).parse_all(binary) {
            match payload.map_err(Unusable::Malformed)? {
                Payload::Version { encoding, .. } if depth == 0 => {
                    is_component = encoding == wasmparser::Encoding::Component;
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ExportSection(exports) if depth == 0 => {
                    for export in exports {
                        let export = export.map_err(Unusable::Malformed)?;
                        names.push(export.name);
                        if export.name == "_start" && export.kind == ExternalKind::Func {
                            found = Some(Self::Start);
                        }
                    }
                }
                Payload::ComponentExportSection(exports) if depth == 0 => {
                    for export in exports {
                        let export = export.map_err(Unusable::Malformed)?;
                        let name = export.name.name;
                        names.push(name);
                        match export.kind {
                            ComponentExternalKind::Func if name == "handle" => found = Some(Self::Handle),
                            ComponentExternalKind::Instance if is_run(name) && found.is_none() => {
                                found = Some(Self::Run(name));
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        found.ok_or_else(|| {
            let exports = list(&names);
            if is_component { Unusable::NothingToCall { exports } } else { Unusable::NoStart { exports } }
        })
    }
}

/// `wasi:cli/run` of any 0.2 version.
fn is_run(name: &str) -> bool {
    name == "wasi:cli/run@0.2" || name.starts_with("wasi:cli/run@0.2.")
}

fn list(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        _ if names.len() <= SHOWN => names.join(", "),
        _ => format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_is_found_by_the_exports() {
        let instance = |name: &str| format!(r#"(component (instance $i) (export "{name}" (instance $i)))"#);
        let no_start =
            "nothing in this core module can be called: expected _start, which a program with a main has; it exports";
        let nothing =
            "nothing in this component can be called: expected handle (asl:task) or wasi:cli/run 0.2; it exports";
        for (text, expected) in [
            (r#"(module (func (export "_start")))"#.to_owned(), Ok(Entry::Start)),
            ("(module)".to_owned(), Err(format!("{no_start} nothing"))),
            (
                r#"(module (func (export "add")) (memory (export "_start") 1))"#.to_owned(),
                Err(format!("{no_start} add, _start")),
            ),
            (
                format!("(module (func $f) {})", (0..12).map(|n| format!(r#"(export "f{n}" (func $f))"#)).collect::<String>()),
                Err(format!("{no_start} f0, f1, f2, f3, f4, f5, f6, f7, f8, f9 and 2 more")),
            ),
            (instance("wasi:cli/run@0.2.10"), Ok(Entry::Run("wasi:cli/run@0.2.10"))),
            (instance("wasi:cli/run@0.2"), Ok(Entry::Run("wasi:cli/run@0.2"))),
            (instance("wasi:cli/run@0.3.0"), Err(format!("{nothing} wasi:cli/run@0.3.0"))),
            (instance("wasi:http/incoming-handler@0.2.3"), Err(format!("{nothing} wasi:http/incoming-handler@0.2.3"))),
            ("(component)".to_owned(), Err(format!("{nothing} nothing"))),
            // What is inside is not called.
            (
                r#"(component (core module (func (export "_start"))) (component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i))))"#.to_owned(),
                Err(format!("{nothing} nothing")),
            ),
            (
                r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))
                    (instance $none) (export "wasi:cli/run@0.2.0" (instance $none))
                    (func $f (canon lift (core func $i "f"))) (export "handle" (func $f)))"#.to_owned(),
                Ok(Entry::Handle),
            ),
        ] {
            let binary = wat::parse_str(&text).unwrap();
            assert_eq!(Entry::of(&binary).map_err(|error| error.to_string()), expected, "{text}");
        }
    }
}
