//! Two-dimensional feature maps.

/// A feature map: rows are bands or coefficients, lowest first, columns are frames; row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMap {
    values: Vec<f32>,
    rows: usize,
}

impl FeatureMap {
    /// Wraps row-major `values`.
    ///
    /// # Panics
    /// If the values do not fill `rows` rows of equal length.
    pub fn new(values: Vec<f32>, rows: usize) -> Self {
        assert!(rows > 0 && values.len().is_multiple_of(rows), "values must fill {rows} rows");
        Self { values, rows }
    }

    /// All values, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Returns the values, row-major.
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// Number of rows: bands or coefficients.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns: frames.
    pub fn columns(&self) -> usize {
        self.values.len() / self.rows
    }

    /// A row: one band or coefficient over time.
    pub fn row(&self, index: usize) -> &[f32] {
        let columns = self.columns();
        &self.values[index * columns..][..columns]
    }
}
