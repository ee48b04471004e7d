//! How many different things were seen, roughly and in little memory (HyperLogLog).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;

/// An estimate of the number of distinct 64-bit values; good to about 2 %.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Distinct {
    registers: Box<[u8; REGISTERS]>,
}

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct { registers: Box::new([0; REGISTERS]) }
    }
}

impl Distinct {
    /// Counts `x` once, however often it comes.
    #[inline]
    pub fn add(&mut self, x: u64) {
        let z = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        let z = z ^ z >> 31;
        let rank = (z << BITS | 1 << (BITS - 1)).leading_zeros() as u8 + 1;
        let r = &mut self.registers[(z >> (64 - BITS)) as usize];
        *r = (*r).max(rank);
    }

    /// Counts what `other` has counted, too.
    pub fn merge(&mut self, other: &Distinct) {
        for (ours, theirs) in self.registers.iter_mut().zip(other.registers.iter()) {
            *ours = (*ours).max(*theirs);
        }
    }

    /// The estimate.
    pub fn estimate(&self) -> u64 {
        let m = REGISTERS as f64;
        let sum: f64 = self.registers.iter().map(|r| 1.0 / (1_u64 << r) as f64).sum();
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        let zeros = self.registers.iter().filter(|r| **r == 0).count();
        let small = raw <= 2.5 * m && zeros != 0;
        (if small { m * (m / zeros as f64).ln() } else { raw }).round() as u64
    }
}

/// The character that stands for an empty register; the others follow it.
const ZERO: u8 = b'0';

/// A string, a character a register.
impl Serialize for Distinct {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text: String = self.registers.iter().map(|r| (ZERO + r) as char).collect();
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Distinct, D::Error> {
        let text = String::deserialize(from)?;
        let register = |b: u8| b.checked_sub(ZERO).filter(|r| u32::from(*r) <= 64 - BITS + 1);
        let registers: Option<Vec<u8>> = text.bytes().map(register).collect();
        let registers = registers.and_then(|r| <Box<[u8; REGISTERS]>>::try_from(r.into_boxed_slice()).ok());
        registers.map(|registers| Distinct { registers }).ok_or_else(|| de::Error::custom("not a sketch of a campaign"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sketches_are_merged_and_survive_their_text() {
        let (mut a, mut b, mut both) = (Distinct::default(), Distinct::default(), Distinct::default());
        for i in 0..30_000u64 {
            let half = if i % 3 == 0 { &mut a } else { &mut b };
            half.add(i);
            both.add(i);
        }
        a.merge(&b);
        assert_eq!(a, both);
        let text = serde_json::to_string(&a).expect("text");
        assert_eq!(serde_json::from_str::<Distinct>(&text).expect("a sketch"), both);
        assert!((28_000..32_000).contains(&both.estimate()), "{}", both.estimate());
        for bad in ["\"\"", "\"abc\"", "3"] {
            assert!(serde_json::from_str::<Distinct>(bad).is_err(), "{bad}");
        }
    }
}
