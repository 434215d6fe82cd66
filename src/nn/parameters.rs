//! Reading and replacing the parameters of a module by name.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

/// Shape and values of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Values in row-major order.
    pub values: Vec<f32>,
}

/// Parameters and running statistics by their dotted path in the module, such as `blocks.0.conv.weight`.
pub type Parameters = BTreeMap<String, Parameter>;

/// Why a set of parameters does not fit a module.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("the weights do not fit the network: missing [{}], unexpected [{}], of another shape [{}]",
        .missing.join(", "), .unexpected.join(", "), .misshapen.join(", "))]
pub struct ParameterMismatch {
    /// Names in the module that the set lacks.
    pub missing: Vec<String>,
    /// Names in the set that the module lacks.
    pub unexpected: Vec<String>,
    /// Names whose shapes differ.
    pub misshapen: Vec<String>,
}

/// Returns the shape of every float parameter and running statistic of `module`, by name.
pub fn shapes(module: &impl Module) -> BTreeMap<String, Vec<usize>> {
    let mut shapes = Shapes { path: Path::default(), found: BTreeMap::new() };
    module.visit(&mut shapes);
    shapes.found
}

/// Returns a copy of every float parameter and running statistic of `module`.
pub fn collect(module: &impl Module) -> Parameters {
    let mut collector = Collector { path: Path::default(), found: Parameters::new() };
    module.visit(&mut collector);
    collector.found
}

/// Replaces every float parameter and running statistic of `module`.
///
/// # Errors
/// [`ParameterMismatch`] unless names and shapes are exactly those of the module.
pub fn apply<M: Module>(module: M, parameters: Parameters) -> Result<M, ParameterMismatch> {
    let mut applier =
        Applier { path: Path::default(), left: parameters, missing: Vec::new(), misshapen: Vec::new() };
    let module = module.map(&mut applier);
    let unexpected: Vec<_> = applier.left.into_keys().collect();
    if applier.missing.is_empty() && unexpected.is_empty() && applier.misshapen.is_empty() {
        return Ok(module);
    }
    Err(ParameterMismatch { missing: applier.missing, unexpected, misshapen: applier.misshapen })
}

/// The names on the path to a parameter, without enum variants, which name a choice rather than a part.
#[derive(Default)]
struct Path(Vec<Option<String>>);

impl Path {
    fn enter(&mut self, name: &str, container: &str) {
        self.0.push((!container.starts_with("Enum")).then(|| name.to_owned()));
    }

    fn exit(&mut self) {
        self.0.pop();
    }

    fn name(&self) -> String {
        self.0.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(".")
    }
}

struct Shapes {
    path: Path,
    found: BTreeMap<String, Vec<usize>>,
}

impl ModuleVisitor for Shapes {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.insert(self.path.name(), param.lazy_shape().to_vec());
    }
}

struct Collector {
    path: Path,
    found: Parameters,
}

impl ModuleVisitor for Collector {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data().convert::<f32>().try_to_vec().expect("converted to f32");
        self.found.insert(self.path.name(), Parameter { shape, values });
    }
}

struct Applier {
    path: Path,
    left: Parameters,
    missing: Vec<String>,
    misshapen: Vec<String>,
}

impl ModuleMapper for Applier {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.name();
        let Some(parameter) = self.left.remove(&name) else {
            self.missing.push(name);
            return param;
        };
        if parameter.shape != param.lazy_shape().to_vec() {
            self.misshapen.push(name);
            return param;
        }
        let data = TensorData::new(parameter.values, parameter.shape);
        let tensor = Tensor::from_data(data, &param.lazy_device());
        let id = param.id;
        param.transform_for_load(tensor, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::classifiers::{Architecture, DeepCnnConfig};
    use burn::tensor::Device;

    fn small() -> Architecture {
        Architecture::DeepCnn(DeepCnnConfig::new([16, 16]).with_channels([2, 2, 3, 4]).with_hidden(5))
    }

    #[test]
    fn collected_parameters_can_be_applied() {
        let device = Device::flex();
        let source = small().init(&device);
        let parameters = collect(&source);
        let target = apply(small().init(&device), parameters.clone()).expect("same architecture");
        assert_eq!(collect(&target), parameters);
        let maps = Tensor::<3>::ones([1, 16, 16], &device);
        assert_eq!(target.forward(maps.clone()).into_data(), source.forward(maps).into_data());
    }

    #[test]
    fn names_are_paths_and_include_running_statistics() {
        let names: Vec<_> = collect(&small().init(&Device::flex())).into_keys().collect();
        assert!(names.contains(&"blocks.3.conv.weight".to_owned()), "{names:?}");
        assert!(names.contains(&"blocks.0.norm.running_var".to_owned()), "{names:?}");
        assert_eq!(names.len(), 4 * 6 + 4);
    }

    #[test]
    fn every_mismatch_is_named() {
        let device = Device::flex();
        let mut parameters = collect(&small().init(&device));
        parameters.remove("hidden.bias");
        parameters.insert("stray".into(), Parameter { shape: vec![1], values: vec![0.0] });
        parameters.get_mut("output.bias").expect("present").shape = vec![7, 1];
        let mismatch = apply(small().init(&device), parameters).expect_err("three mismatches");
        assert_eq!(mismatch.missing, ["hidden.bias"]);
        assert_eq!(mismatch.unexpected, ["stray"]);
        assert_eq!(mismatch.misshapen, ["output.bias"]);
    }
}
