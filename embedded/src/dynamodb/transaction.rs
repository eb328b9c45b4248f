//! What a transaction may not write: the library looks at it in `UpdateItem` only.

use std::collections::HashMap;

use dynoxide::DynoxideError;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::errors::CancellationReason;

/// Refuses a transaction that would change a key: the library refuses it in `UpdateItem` only.
pub(super) fn check_keys_stay(request: &TransactWriteItemsRequest) -> Result<(), DynoxideError> {
    let mut reasons =
        vec![CancellationReason { code: "None".to_owned(), ..Default::default() }; request.transact_items.len()];
    let mut is_refused = false;
    for (item, reason) in request.transact_items.iter().zip(&mut reasons) {
        let Some(update) = &item.update else { continue };
        let changed = targets(&update.update_expression, update.expression_attribute_names.as_ref());
        if let Some(key) = changed.into_iter().find(|name| update.key.contains_key(name)) {
            let message = format!(
                "One or more parameter values were invalid: Cannot update attribute {key}. This attribute is part of the key"
            );
            *reason =
                CancellationReason { code: "ValidationError".to_owned(), message: Some(message), ..Default::default() };
            is_refused = true;
        }
    }
    if !is_refused {
        return Ok(());
    }
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
    let message =
        format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    Err(DynoxideError::TransactionCanceledException(message, reasons))
}

/// The attributes that an update expression sets, removes, adds to or deletes from. An expression that is wrong is refused by the library.
///
/// AWS developer guide of DynamoDB, "Update expressions": clauses of actions with commas between them, each of which begins with a path.
fn targets(expression: &str, names: Option<&HashMap<String, String>>) -> Vec<String> {
    let mut found = Vec::new();
    let (mut depth, mut is_target) = (0_u32, false);
    let is_part = |part: char| part.is_alphanumeric() || "_#:-".contains(part);
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|part| !is_part(part)).unwrap_or(rest.len()).max(first.len_utf8());
        let (token, after) = rest.split_at(end);
        match token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," => is_target = depth == 0,
            token if ["SET", "REMOVE", "ADD", "DELETE"].iter().any(|clause| clause.eq_ignore_ascii_case(token)) => {
                is_target = true;
            }
            token if is_target && token.starts_with(is_part) => {
                is_target = false;
                // What is inside an attribute is no key.
                if !after.trim_start().starts_with(['.', '[']) {
                    let named = names.and_then(|names| names.get(token));
                    found.push(named.map_or(token, String::as_str).to_owned());
                }
            }
            _ => {}
        }
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_expression_changes_the_paths_its_actions_begin_with() {
        let names = HashMap::from([("#k".to_owned(), "pk".to_owned())]);
        for (expression, expected) in [
            ("SET pk = :v", &["pk"][..]),
            ("set a = if_not_exists(pk, :v), #k=:v", &["a", "pk"]),
            (
                "SET a.pk = pk, b[0] = :v, c = list_append(pk, d) + e REMOVE sk, x ADD n :one DELETE #k :set",
                &["c", "sk", "x", "n", "pk"],
            ),
            ("", &[]),
            ("SET", &[]),
        ] {
            assert_eq!(targets(expression, Some(&names)), expected, "{expression}");
        }
    }
}
