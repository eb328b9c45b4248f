//! Counts the words of a JSON text: "the quick brown fox" gives 4.

fn main() {
    let input = std::io::read_to_string(std::io::stdin()).unwrap();
    let Some(text) = input.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        eprintln!("the input is not a text");
        std::process::exit(1);
    };
    print!("{}", text.split(' ').filter(|word| !word.is_empty()).count());
}
