//! Operators at work.

use std::cmp::Ordering;
use std::rc::Rc;

use super::ast::{Node, Operator};
use super::datum::{Datum, Kind};
use super::error::JsonataError;
use super::evaluate::{Evaluator, ITEM_BYTES};
use super::function::Scope;
use super::functions;
use super::quote::quoted;

/// The range operator gives so many numbers at most.
const MOST_NUMBERS: f64 = 1e7;

impl Evaluator<'_> {
    pub(super) fn binary(
        &mut self,
        node: &Node,
        operator: Operator,
        (left, right): (&Node, &Node),
        input: &Datum,
        scope: &Rc<Scope>,
    ) -> Result<Datum, JsonataError> {
        let left = self.evaluate(left, input, scope)?;
        if let Operator::And | Operator::Or = operator
            && self.is_true(&left)? == (operator == Operator::Or)
        {
            return Ok(Datum::boolean(operator == Operator::Or));
        }
        let right = self.evaluate(right, input, scope)?;
        match operator {
            Operator::And | Operator::Or => Ok(Datum::boolean(self.is_true(&right)?)),
            _ => self.operate(operator, left, right).map_err(|error| error.at(node.position)),
        }
    }

    fn operate(&mut self, operator: Operator, left: Datum, right: Datum) -> Result<Datum, JsonataError> {
        use Operator::{Add, Divide, Multiply, Remainder, Subtract};
        match operator {
            Add | Subtract | Multiply | Divide | Remainder => {
                let (left, right) = (self.operand(operator, &left, false)?, self.operand(operator, &right, true)?);
                let (Some(left), Some(right)) = (left, right) else { return Ok(Datum::Undefined) };
                if operator == Remainder && right == 0.0 && !self.is_reference() {
                    return Err(JsonataError::new(JsonataError::INTERNAL, "there is no remainder of a division by 0"));
                }
                Ok(Datum::Number(match operator {
                    Add => left + right,
                    Subtract => left - right,
                    Multiply => left * right,
                    Divide => left / right,
                    _ => left % right,
                }))
            }
            Operator::Equal | Operator::NotEqual => {
                if left.is_undefined() || right.is_undefined() {
                    return Ok(Datum::boolean(false));
                }
                Ok(Datum::boolean(functions::equal(self, &left, &right)? == (operator == Operator::Equal)))
            }
            Operator::Concatenate => {
                let mut text = functions::string(self, &left, false)?.unwrap_or_default();
                let more = functions::string(self, &right, false)?.unwrap_or_default();
                // The text and its two parts, with two bytes a character.
                self.allocate((text.len() + more.len()) * 4)?;
                text.push_str(&more);
                Ok(Datum::string(text))
            }
            Operator::Range => self.range(&left, &right),
            Operator::In => {
                if left.is_undefined() || right.is_undefined() {
                    return Ok(Datum::boolean(false));
                }
                // By value: whether two objects are one and the same is not to be seen, here as in a Frame that was saved.
                for item in right.into_items() {
                    self.spend(1)?;
                    if functions::equal(self, &item, &left)? {
                        return Ok(Datum::boolean(true));
                    }
                }
                Ok(Datum::boolean(false))
            }
            _ => {
                self.spend(left.as_str().map_or(0, |text| text.len() / 64))?;
                compare(operator, &left, &right)
            }
        }
    }

    /// A side of an arithmetic operator; `None` where there is nothing.
    fn operand(&self, operator: Operator, value: &Datum, is_right: bool) -> Result<Option<f64>, JsonataError> {
        if value.is_undefined() {
            return Ok(None);
        }
        let (code, side) = if is_right { ("T2002", "right") } else { ("T2001", "left") };
        let number = self.numeric(value)?.ok_or_else(|| {
            let operator = quoted(operator.text());
            JsonataError::new(code, format!("The {side} side of the {operator} operator must evaluate to a number"))
        })?;
        Ok(Some(number))
    }

    fn range(&mut self, left: &Datum, right: &Datum) -> Result<Datum, JsonataError> {
        let end = |value: &Datum, code, side: &str| match value.as_f64() {
            _ if value.is_undefined() => Ok(None),
            Some(number) if number.fract() == 0.0 => Ok(Some(number)),
            _ => {
                let message = format!("The {side} side of the range operator (..) must evaluate to an integer");
                Err(JsonataError::new(code, message))
            }
        };
        let (left, right) = (end(left, "T2003", "left")?, end(right, "T2004", "right")?);
        let (Some(left), Some(right)) = (left, right) else { return Ok(Datum::Undefined) };
        if left > right {
            return Ok(Datum::Undefined);
        }
        let count = right - left + 1.0;
        if count > MOST_NUMBERS {
            let message = format!(
                "The size of the sequence allocated by the range operator (..) must not exceed 1e6.  Attempted to allocate {}.",
                Datum::Number(count).quoted()
            );
            return Err(JsonataError::new("D2014", message));
        }
        let count = count as usize;
        self.spend(count / 8)?;
        self.allocate(count * ITEM_BYTES)?;
        Ok(Datum::sequence((0..count).map(|at| Datum::Number(left + at as f64)).collect()))
    }
}

fn compare(operator: Operator, left: &Datum, right: &Datum) -> Result<Datum, JsonataError> {
    let comparable = |value: &Datum| matches!(value.kind(), Kind::Undefined | Kind::String | Kind::Number);
    if !comparable(left) || !comparable(right) {
        let operator = quoted(operator.text());
        let message =
            format!("The expressions either side of operator {operator} must evaluate to numeric or string values");
        return Err(JsonataError::new("T2010", message));
    }
    if left.is_undefined() || right.is_undefined() {
        return Ok(Datum::Undefined);
    }
    let Some(order) = ordered(left, right) else {
        if left.kind() == right.kind() {
            // Not a number.
            return Ok(Datum::boolean(false));
        }
        let message = format!(
            "The values {} and {} either side of operator {} must be of the same data type",
            left.quoted(),
            right.quoted(),
            quoted(operator.text())
        );
        return Err(JsonataError::new("T2009", message));
    };
    Ok(Datum::boolean(match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }))
}

/// How two texts or two numbers compare: texts by their UTF-16 code units.
pub(super) fn ordered(left: &Datum, right: &Datum) -> Option<Ordering> {
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => Some(functions::compare_text(left, right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
