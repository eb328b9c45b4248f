//! stand-in
use crate::Value;
#[derive(Clone, Debug)]
pub struct JsonPath(Vec<String>);
#[derive(Clone, Debug)]
pub struct PathError(String);
impl PathError { pub fn message(&self) -> &str { &self.0 } }
impl JsonPath {
    pub fn root() -> Self { Self(vec![]) }
    pub fn parse(t: &str) -> Result<Self, PathError> { Ok(Self(t[1..].split('.').filter(|s| !s.is_empty()).map(str::to_owned).collect())) }
    pub fn is_definite(&self) -> bool { true }
    pub fn evaluate(&self, v: &Value) -> Result<Value, PathError> { let mut v=v; for s in &self.0 { v=v.get(s).ok_or_else(|| PathError(format!("No results for path: {s}")))?; } Ok(v.clone()) }
}
