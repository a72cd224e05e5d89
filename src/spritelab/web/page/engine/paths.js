// Paths from noise to sprite in the plane that holds most of them: principal components of their x_t.

const ROUNDS = 500, SETTLED = 1e-9;

/**
 * Lay paths into the plane of the first two principal components of all their points.
 * @param paths  for each its points, Float32Array each
 * @returns { points, share }: for each path its points [u, v], the noise on the left; and the share of
 *          the variance that lies in the plane
 */
export function plane(paths) {
  const all = paths.flat(), products = centredProducts(all), total = trace(products);
  const axes = [0, 1].map(() => {
    const { vector, value } = largest(products);
    // What this component explains is taken away, so that the next one comes to light.
    products.forEach((row, i) => row.forEach((_, j) => (row[j] -= value * vector[i] * vector[j])));
    return { value, along: vector.map(entry => entry * Math.sqrt(Math.max(value, 0))) };
  });
  const [u, v] = axes.map(axis => axis.along);
  const turn = [u[0] <= 0 ? 1 : -1, v[paths[0].length - 1] >= 0 ? 1 : -1];
  const flat = all.map((_, i) => [turn[0] * u[i], turn[1] * v[i]]);
  let at = 0;
  const points = paths.map(path => flat.slice(at, (at += path.length)));
  return { points, share: (axes[0].value + axes[1].value) / Math.max(total, 1e-12) };
}

/** ⟨x_i - x̄, x_j - x̄⟩ for all i and j: its eigenvectors are the points along the components. */
function centredProducts(points) {
  const n = points.length, mean = new Float64Array(points[0].length);
  for (const point of points) point.forEach((value, e) => (mean[e] += value / n));
  const centred = points.map(point => Float64Array.from(point, (value, e) => value - mean[e]));
  const products = points.map(() => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let e = 0; e < mean.length; e++) sum += centred[i][e] * centred[j][e];
      products[i][j] = products[j][i] = sum;
    }
  }
  return products;
}

const trace = matrix => matrix.reduce((sum, row, i) => sum + row[i], 0);

/** The eigenvector of the largest eigenvalue, by power iteration. */
function largest(matrix) {
  let vector = unit(Float64Array.from(matrix, (row, i) => row[i] + i + 1)), value = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const next = matrix.map(row => row.reduce((sum, entry, j) => sum + entry * vector[j], 0));
    value = Math.hypot(...next);
    if (value < 1e-12) break;
    const before = vector;
    vector = next.map(entry => entry / value);
    if (vector.every((entry, i) => Math.abs(entry - before[i]) < SETTLED)) break;
  }
  return { vector: [...vector], value };
}

function unit(vector) {
  const length = Math.hypot(...vector);
  return vector.map(value => value / length);
}
