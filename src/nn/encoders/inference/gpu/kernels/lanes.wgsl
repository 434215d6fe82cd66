// Sums and maxima over the lanes of a workgroup, in one order.

const LANES = 64u;

var<workgroup> lanes: array<f32, LANES>;

// The sum over all lanes that are congruent modulo `step`.
fn sum_over_lanes(value: f32, lane: u32, step: u32) -> f32 {
    workgroupBarrier();
    lanes[lane] = value;
    workgroupBarrier();
    for (var half = LANES / 2; half >= step; half /= 2) {
        if (lane < half) {
            lanes[lane] += lanes[lane + half];
        }
        workgroupBarrier();
    }
    return lanes[lane % step];
}

fn max_over_lanes(value: f32, lane: u32) -> f32 {
    workgroupBarrier();
    lanes[lane] = value;
    workgroupBarrier();
    for (var half = LANES / 2; half >= 1; half /= 2) {
        if (lane < half) {
            lanes[lane] = max(lanes[lane], lanes[lane + half]);
        }
        workgroupBarrier();
    }
    return lanes[0];
}
