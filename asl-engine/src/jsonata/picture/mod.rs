pub(super) fn number_text(v:f64)->String{v.to_string()}
