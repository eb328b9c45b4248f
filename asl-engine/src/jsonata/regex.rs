use super::*; use super::datum::Datum; use super::evaluate::Evaluator;
#[derive(Debug)] pub(super) struct Regex{}
impl Regex{ pub(super) fn parse(_p:&str,_f:&str)->Result<Self,JsonataError>{Ok(Self{})} }
pub(super) fn call(_e:&mut Evaluator<'_>,_r:&Arc<Regex>,_t:&Arc<str>,_f:usize)->Result<Datum,JsonataError>{Ok(Datum::Undefined)}
pub(super) fn next(_e:&mut Evaluator<'_>,_r:&Arc<Regex>,_t:&Arc<str>,_f:usize)->Result<Datum,JsonataError>{Ok(Datum::Undefined)}
