//! The node types: memory, and the oldest engine that runs on them (facts 4.2 and AWS's node type pages).

use super::engine::Version;

/// A node type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NodeType {
    /// Its name.
    pub name: &'static str,
    /// `maxmemory` in bytes, before what is reserved.
    pub maxmemory: u64,
    oldest_redis: [u32; 3],
}

/// Finds a node type.
pub fn find(name: &str) -> Option<&'static NodeType> {
    TYPES.iter().find(|it| it.name == name)
}

impl NodeType {
    /// Whether this version of Redis runs on it. Every Valkey does.
    pub fn runs(&self, engine: &str, version: Version) -> bool {
        engine != "redis" || Version(self.oldest_redis) <= version
    }

    /// The family, such as `r7g`.
    pub fn family(&self) -> &'static str {
        self.name.split('.').nth(1).unwrap_or_default()
    }

    /// Whether it keeps data on disks too.
    pub fn tiers_data(&self) -> bool {
        self.family() == "r6gd"
    }

    fn is_withdrawn(&self) -> bool {
        ["t2", "m4", "r4"].contains(&self.family())
    }
}

/// What a node of this type may become: larger and smaller ones, alphabetically and across families (facts 4.1).
pub fn allowed(
    from: &NodeType,
    engine: &str,
    version: Version,
) -> (Vec<&'static str>, Vec<&'static str>) {
    let mut candidates: Vec<_> = TYPES
        .iter()
        .filter(|it| {
            it.name != from.name
                && it.runs(engine, version)
                && it.tiers_data() == from.tiers_data()
                && (!it.is_withdrawn() || it.family() == from.family())
        })
        .collect();
    candidates.sort_by_key(|it| it.name);
    let names = |up: bool| {
        let side = candidates.iter().filter(|it| (from.maxmemory <= it.maxmemory) == up);
        side.map(|it| it.name).collect()
    };
    (names(true), names(false))
}

const fn of(name: &'static str, maxmemory: u64, oldest_redis: [u32; 3]) -> NodeType {
    NodeType { name, maxmemory, oldest_redis }
}

const TYPES: &[NodeType] = &[
    of("cache.t2.micro", 581_959_680, [4, 0, 10]),
    of("cache.t2.small", 1_665_138_688, [4, 0, 10]),
    of("cache.t2.medium", 3_461_349_376, [4, 0, 10]),
    of("cache.t3.micro", 536_870_912, [4, 0, 10]),
    of("cache.t3.small", 1_471_026_299, [4, 0, 10]),
    of("cache.t3.medium", 3_317_862_236, [4, 0, 10]),
    of("cache.t4g.micro", 536_870_912, [5, 0, 6]),
    of("cache.t4g.small", 1_471_026_299, [5, 0, 6]),
    of("cache.t4g.medium", 3_317_862_236, [5, 0, 6]),
    of("cache.m4.large", 6_892_593_152, [4, 0, 10]),
    of("cache.m4.xlarge", 15_328_501_760, [4, 0, 10]),
    of("cache.m4.2xlarge", 31_889_126_359, [4, 0, 10]),
    of("cache.m4.4xlarge", 65_257_290_629, [4, 0, 10]),
    of("cache.m4.10xlarge", 166_047_614_239, [4, 0, 10]),
    of("cache.m5.large", 6_854_542_746, [4, 0, 10]),
    of("cache.m5.xlarge", 13_891_921_715, [4, 0, 10]),
    of("cache.m5.2xlarge", 27_966_669_210, [4, 0, 10]),
    of("cache.m5.4xlarge", 56_116_178_125, [4, 0, 10]),
    of("cache.m5.12xlarge", 168_715_971_994, [4, 0, 10]),
    of("cache.m5.24xlarge", 337_500_562_842, [4, 0, 10]),
    of("cache.m6g.large", 6_854_542_746, [5, 0, 6]),
    of("cache.m6g.xlarge", 13_891_921_715, [5, 0, 6]),
    of("cache.m6g.2xlarge", 27_966_669_210, [5, 0, 6]),
    of("cache.m6g.4xlarge", 56_116_178_125, [5, 0, 6]),
    of("cache.m6g.8xlarge", 111_325_552_312, [5, 0, 6]),
    of("cache.m6g.12xlarge", 168_715_971_994, [5, 0, 6]),
    of("cache.m6g.16xlarge", 225_000_375_228, [5, 0, 6]),
    of("cache.m7g.large", 6_854_542_746, [6, 2, 0]),
    of("cache.m7g.xlarge", 13_891_921_715, [6, 2, 0]),
    of("cache.m7g.2xlarge", 27_966_669_210, [6, 2, 0]),
    of("cache.m7g.4xlarge", 56_116_178_125, [6, 2, 0]),
    of("cache.m7g.8xlarge", 111_325_552_312, [6, 2, 0]),
    of("cache.m7g.12xlarge", 168_715_971_994, [6, 2, 0]),
    of("cache.m7g.16xlarge", 225_000_375_228, [6, 2, 0]),
    of("cache.m8g.large", 7_294_178_820, [7, 1, 0]),
    of("cache.m8g.xlarge", 15_222_495_510, [7, 1, 0]),
    of("cache.m8g.2xlarge", 31_866_224_640, [7, 1, 0]),
    of("cache.m8g.4xlarge", 65_856_864_256, [7, 1, 0]),
    of("cache.m8g.8xlarge", 133_838_143_488, [7, 1, 0]),
    of("cache.m8g.12xlarge", 201_819_422_720, [7, 1, 0]),
    of("cache.m8g.16xlarge", 269_800_701_952, [7, 1, 0]),
    of("cache.r4.large", 13_201_781_556, [4, 0, 10]),
    of("cache.r4.xlarge", 26_898_228_839, [4, 0, 10]),
    of("cache.r4.2xlarge", 54_197_537_997, [4, 0, 10]),
    of("cache.r4.4xlarge", 108_858_546_586, [4, 0, 10]),
    of("cache.r4.8xlarge", 218_255_432_090, [4, 0, 10]),
    of("cache.r4.16xlarge", 437_021_573_120, [4, 0, 10]),
    of("cache.r5.large", 14_037_181_030, [4, 0, 10]),
    of("cache.r5.xlarge", 28_261_849_702, [4, 0, 10]),
    of("cache.r5.2xlarge", 56_711_183_565, [4, 0, 10]),
    of("cache.r5.4xlarge", 113_609_865_216, [4, 0, 10]),
    of("cache.r5.12xlarge", 341_206_346_547, [4, 0, 10]),
    of("cache.r5.24xlarge", 682_485_973_811, [4, 0, 10]),
    of("cache.r6g.large", 14_037_181_030, [5, 0, 6]),
    of("cache.r6g.xlarge", 28_261_849_702, [5, 0, 6]),
    of("cache.r6g.2xlarge", 56_711_183_565, [5, 0, 6]),
    of("cache.r6g.4xlarge", 113_609_865_216, [5, 0, 6]),
    of("cache.r6g.8xlarge", 225_000_375_228, [5, 0, 6]),
    of("cache.r6g.12xlarge", 341_206_346_547, [5, 0, 6]),
    of("cache.r6g.16xlarge", 450_000_750_456, [5, 0, 6]),
    of("cache.r6gd.xlarge", 28_261_849_702, [6, 2, 0]),
    of("cache.r6gd.2xlarge", 56_711_183_565, [6, 2, 0]),
    of("cache.r6gd.4xlarge", 113_609_865_216, [6, 2, 0]),
    of("cache.r6gd.8xlarge", 225_000_375_228, [6, 2, 0]),
    of("cache.r6gd.12xlarge", 341_206_346_547, [6, 2, 0]),
    of("cache.r6gd.16xlarge", 450_000_750_456, [6, 2, 0]),
    of("cache.r7g.large", 14_037_181_030, [6, 2, 0]),
    of("cache.r7g.xlarge", 28_261_849_702, [6, 2, 0]),
    of("cache.r7g.2xlarge", 56_711_183_565, [6, 2, 0]),
    of("cache.r7g.4xlarge", 113_609_865_216, [6, 2, 0]),
    of("cache.r7g.8xlarge", 225_000_375_228, [6, 2, 0]),
    of("cache.r7g.12xlarge", 341_206_346_547, [6, 2, 0]),
    of("cache.r7g.16xlarge", 450_000_750_456, [6, 2, 0]),
    of("cache.r8g.large", 15_222_495_510, [7, 1, 0]),
    of("cache.r8g.xlarge", 31_866_224_640, [7, 1, 0]),
    of("cache.r8g.2xlarge", 65_856_864_256, [7, 1, 0]),
    of("cache.r8g.4xlarge", 133_838_143_488, [7, 1, 0]),
    of("cache.r8g.8xlarge", 269_800_701_952, [7, 1, 0]),
    of("cache.r8g.12xlarge", 405_763_260_416, [7, 1, 0]),
    of("cache.r8g.16xlarge", 541_725_818_880, [7, 1, 0]),
    of("cache.c7gn.large", 3_317_862_236, [6, 2, 0]),
    of("cache.c7gn.xlarge", 6_854_542_746, [6, 2, 0]),
    of("cache.c7gn.2xlarge", 13_891_921_715, [6, 2, 0]),
    of("cache.c7gn.4xlarge", 27_966_669_210, [6, 2, 0]),
    of("cache.c7gn.8xlarge", 56_116_178_125, [6, 2, 0]),
    of("cache.c7gn.12xlarge", 84_357_985_997, [6, 2, 0]),
    of("cache.c7gn.16xlarge", 113_609_865_216, [6, 2, 0]),
    of("cache.c8gn.large", 3_330_020_474, [7, 1, 0]),
    of("cache.c8gn.xlarge", 7_294_178_820, [7, 1, 0]),
    of("cache.c8gn.2xlarge", 15_222_495_510, [7, 1, 0]),
    of("cache.c8gn.4xlarge", 31_866_224_640, [7, 1, 0]),
    of("cache.c8gn.8xlarge", 65_856_864_256, [7, 1, 0]),
    of("cache.c8gn.12xlarge", 99_847_503_872, [7, 1, 0]),
    of("cache.c8gn.16xlarge", 133_838_143_488, [7, 1, 0]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_types_are_alphabetical_and_cross_families() {
        let from = find("cache.t4g.micro").unwrap();
        let (up, down) = allowed(from, "redis", Version([7, 1, 0]));
        assert!(up.contains(&"cache.t4g.small") && up.contains(&"cache.r7g.large"));
        assert!(!up.contains(&"cache.t4g.micro") && !up.contains(&"cache.t2.small"));
        assert!(!up.contains(&"cache.r6gd.xlarge"), "data tiering cannot be turned on");
        assert!(up.is_sorted());
        assert!(down.is_empty(), "{down:?}");
        let (_, down) = allowed(find("cache.m7g.large").unwrap(), "redis", Version([7, 1, 0]));
        assert!(down.contains(&"cache.t4g.medium"));
    }
}
