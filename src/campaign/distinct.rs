//! How many different things were seen, roughly and in little memory (HyperLogLog).

const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;

/// An estimate of the number of distinct 64-bit values; good to about 2 %.
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
