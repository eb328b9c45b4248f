//! Fields that hold a path.

use super::ast::Name;
use super::fields::Fields;
use super::{SCHEMA, error};
use crate::diagnostic::Diagnostic;
use crate::json::NodeKind;
use crate::path::{PathExpr, in_plain_words};
use crate::reference_path::ReferencePath;

impl Fields<'_> {
    /// A JSONPath on the input or, with `$$`, on the context object.
    pub(super) fn path(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<PathExpr> {
        let text = self.string(name, out)?;
        json_path(&text, out)
    }

    /// A path that names one place of the input; with `context`, it may also be one of the context object.
    pub(super) fn reference_path(&mut self, name: &str, context: bool, out: &mut Vec<Diagnostic>) -> Option<PathExpr> {
        let text = self.string(name, out)?;
        let path = json_path(&text, out)?;
        names_one_place(&text, context, out).then_some(path)
    }

    /// Like `path`, where `null` is allowed: `None` is absent, `Some(None)` is `null`.
    pub(super) fn nullable_path(&mut self, name: &str, out: &mut Vec<Diagnostic>) -> Option<Option<PathExpr>> {
        if self.is_null(name) {
            return Some(None);
        }
        self.path(name, out).map(Some)
    }

    /// `ResultPath`: `None` is absent, `Some(None)` is `null`.
    pub(super) fn result_path(&mut self, out: &mut Vec<Diagnostic>) -> Option<Option<ReferencePath>> {
        if self.is_null("ResultPath") {
            return Some(None);
        }
        let text = self.string("ResultPath", out)?;
        json_path(&text, out)?;
        match ReferencePath::parse(&text.text) {
            Ok(path) => Some(Some(path)),
            Err(reason) => {
                out.push(error(SCHEMA, reason, &text.location, text.span));
                None
            }
        }
    }

    fn is_null(&mut self, name: &str) -> bool {
        let null = self.peek(name).is_some_and(|node| matches!(node.kind, NodeKind::Null));
        null && self.take(name).is_some()
    }
}

/// Reads a JSONPath.
pub(super) fn json_path(text: &Name, out: &mut Vec<Diagnostic>) -> Option<PathExpr> {
    let reason = match PathExpr::parse(&text.text, text.span) {
        Ok(path) if text.text.starts_with('$') => return Some(path),
        Ok(_) => "a path starts with '$'".to_owned(),
        Err(_) if !text.text.starts_with('$') => "a path starts with '$'".to_owned(),
        Err(reason) => in_plain_words(&reason),
    };
    let message = "Value must be a valid JSONPath.";
    out.push(Diagnostic { help: Some(reason), ..error(SCHEMA, message, &text.location, text.span) });
    None
}

/// Reads a path of a Choice Rule, which names one place: of the input, of the context object or of a variable. AWS does not
/// ask of it whether it is a JSONPath.
pub(super) fn choice_path(text: &Name, out: &mut Vec<Diagnostic>) -> Option<PathExpr> {
    if names_one_place(text, true, out) { json_path(text, out) } else { None }
}

/// Whether a path names one place, of the input or of a variable; with `context`, also of the context object.
fn names_one_place(text: &Name, context: bool, out: &mut Vec<Diagnostic>) -> bool {
    let relative = match text.text.strip_prefix('$') {
        Some(rest) if context && rest.starts_with('$') => rest.to_owned(),
        Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '_') => format!("$.{rest}"),
        _ => text.text.to_string(),
    };
    let Err(reason) = ReferencePath::parse(&relative) else { return true };
    let help = match text.text.starts_with('$') {
        true => "it has to name one place: no '*', no '..', no slice and no filter",
        false => "a path starts with '$'",
    };
    out.push(Diagnostic { help: Some(help.to_owned()), ..error(SCHEMA, reason, &text.location, text.span) });
    false
}
