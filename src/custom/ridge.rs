//! Ridge regression of class indicators, in its dual form, with leave-one-out predictions.

/// Weight of the penalty, where the products of embeddings are means over their values. Chosen on 100 sets of five clips for three to
/// seven emotions of unseen speakers: 74.2 % of the speakers' other clips are recognized; 74.3 with a third of it, 72.2 with three
/// times as much.
const PENALTY: f64 = 0.03;

/// A fitted regression.
pub struct Ridge {
    /// For each class, a weight for each value of an embedding.
    pub weights: Vec<Vec<f64>>,
    /// For each class.
    pub biases: Vec<f64>,
    /// For each clip, the scores of all classes by a regression without it.
    pub leave_one_out: Vec<Vec<f64>>,
}

impl Ridge {
    /// Fits embeddings, which are integers in `steps` per unit, to the indicators of their classes, with a bias that is not penalized.
    pub fn fit(embeddings: &[&[i64]], labels: &[usize], classes: usize, steps: f64) -> Self {
        let (count, rows) = (embeddings.len(), embeddings[0].len());
        let per_unit = rows as f64 * steps * steps;
        let inverse = inverse(centred_products(embeddings, per_unit));
        let mut ridge = Self {
            weights: Vec::new(),
            biases: Vec::new(),
            leave_one_out: vec![Vec::with_capacity(classes); count],
        };
        for class in 0..classes {
            let indicators: Vec<f64> =
                labels.iter().map(|&label| f64::from(u8::from(label == class))).collect();
            let share = indicators.iter().sum::<f64>() / count as f64;
            let dual: Vec<f64> = inverse
                .iter()
                .map(|row| row.iter().zip(&indicators).map(|(g, y)| g * (y - share)).sum())
                .collect();
            // The residual of a clip is the penalty times its dual coefficient; that without the clip is larger by one over one minus
            // its leverage (Allen's PRESS).
            for (clip, scores) in ridge.leave_one_out.iter_mut().enumerate() {
                let rest = PENALTY * inverse[clip][clip] - 1.0 / count as f64;
                scores.push(indicators[clip] - PENALTY * dual[clip] / rest);
            }
            let weights: Vec<f64> = (0..rows)
                .map(|row| {
                    let products = embeddings.iter().zip(&dual).map(|(values, a)| values[row] as f64 * a);
                    products.sum::<f64>() / (rows as f64 * steps)
                })
                .collect();
            let mean = |row: usize| embeddings.iter().map(|values| values[row]).sum::<i64>() as f64;
            let at_mean: f64 = weights.iter().enumerate().map(|(row, weight)| weight * mean(row)).sum();
            ridge.biases.push(share - at_mean / (count as f64 * steps));
            ridge.weights.push(weights);
        }
        ridge
    }
}

/// Products of the embeddings from which their mean is subtracted, with the penalty on the diagonal.
fn centred_products(embeddings: &[&[i64]], per_unit: f64) -> Vec<Vec<f64>> {
    let count = embeddings.len() as f64;
    let product = |a: &[i64], b: &[i64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>() as f64 / per_unit;
    let mut products = vec![vec![0.0; embeddings.len()]; embeddings.len()];
    for i in 0..embeddings.len() {
        for j in 0..=i {
            products[i][j] = product(embeddings[i], embeddings[j]);
            products[j][i] = products[i][j];
        }
    }
    let means: Vec<f64> = products.iter().map(|row| row.iter().sum::<f64>() / count).collect();
    let mean = means.iter().sum::<f64>() / count;
    for (i, row) in products.iter_mut().enumerate() {
        for (j, value) in row.iter_mut().enumerate() {
            *value += mean - means[i] - means[j];
        }
        row[i] += PENALTY;
    }
    products
}

/// The inverse of a positive definite matrix, by Cholesky's decomposition.
fn inverse(matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let count = matrix.len();
    let mut lower = matrix;
    for i in 0..count {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = lower[i][j] - known;
            lower[i][j] = if i == j { rest.sqrt() } else { rest / lower[j][j] };
        }
    }
    let mut inverse = vec![vec![0.0; count]; count];
    for (column, solved) in inverse.iter_mut().enumerate() {
        for i in column..count {
            let known: f64 = (column..i).map(|k| lower[i][k] * solved[k]).sum();
            let unit = if i == column { 1.0 } else { 0.0 };
            solved[i] = (unit - known) / lower[i][i];
        }
        for i in (0..count).rev() {
            let known: f64 = (i + 1..count).map(|k| lower[k][i] * solved[k]).sum();
            solved[i] = (solved[i] - known) / lower[i][i];
        }
    }
    // Symmetric: its columns are its rows.
    inverse
}
