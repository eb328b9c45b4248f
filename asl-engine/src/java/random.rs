/// `java.util.Random`: the same seed gives the same numbers as there.
pub(crate) struct Random(i64);

const MULTIPLIER: i64 = 0x5_DEEC_E66D;
const MASK: i64 = (1 << 48) - 1;

impl Random {
    pub(crate) fn new(seed: i64) -> Self {
        Self((seed ^ MULTIPLIER) & MASK)
    }

    fn next(&mut self, bits: u32) -> i32 {
        self.0 = self.0.wrapping_mul(MULTIPLIER).wrapping_add(0xB) & MASK;
        (self.0 >> (48 - bits)) as i32
    }

    /// A number from 0 up to, but not including, `bound`; none where that is not positive.
    pub(crate) fn next_int(&mut self, bound: i32) -> Option<i32> {
        if bound <= 0 {
            return None;
        }
        if bound & (bound - 1) == 0 {
            return Some(((i64::from(bound) * i64::from(self.next(31))) >> 31) as i32);
        }
        loop {
            let bits = self.next(31);
            let value = bits % bound;
            // Of the last, incomplete range nothing is taken.
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return Some(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_are_those_of_java() {
        // The first two numbers of `new Random(42)`, below 10 and below 16.
        let mut random = Random::new(42);
        assert_eq!([random.next_int(10), random.next_int(10)], [Some(0), Some(3)]);
        assert_eq!(Random::new(42).next_int(16), Some(11));
        assert_eq!(Random::new(0).next_int(0), None);
    }
}
