//! Distances on the earth.

/// A point, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// north of the equator
    pub latitude: f64,
    /// east of Greenwich
    pub longitude: f64,
}

/// What distances are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// mi
    Miles,
    /// km
    Kilometres,
}

impl Unit {
    /// `mi` or `km`.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "mi" => Some(Self::Miles),
            "km" => Some(Self::Kilometres),
            _ => None,
        }
    }
}

/// The distance between two points on a sphere, by the haversine formula, as the platform says it works it out.
pub(crate) fn distance(from: Place, to: Place, unit: Unit) -> f64 {
    // assumed: the mean radius
    let radius = match unit {
        Unit::Miles => 3_958.761,
        Unit::Kilometres => 6_371.009,
    };
    let latitude = (to.latitude - from.latitude).to_radians() / 2.0;
    let longitude = (to.longitude - from.longitude).to_radians() / 2.0;
    let parallel = from.latitude.to_radians().cos() * to.latitude.to_radians().cos();
    let half = latitude.sin().powi(2) + parallel * longitude.sin().powi(2);
    2.0 * radius * half.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_amsterdam_to_berlin() {
        let amsterdam = Place { latitude: 52.3676, longitude: 4.9041 };
        let berlin = Place { latitude: 52.52, longitude: 13.405 };
        assert!((distance(amsterdam, berlin, Unit::Kilometres) - 577.0).abs() < 2.0);
        assert!((distance(amsterdam, berlin, Unit::Miles) - 358.5).abs() < 2.0);
        assert!(distance(berlin, berlin, Unit::Miles) < 1e-9);
    }
}
