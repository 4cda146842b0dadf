import { BufferAttribute, BufferGeometry, Points, ShaderMaterial } from 'three';

const vertexShader = `
attribute vec3 tint;
uniform float width;
uniform float strength;
uniform float ratio;
uniform float home;
varying vec3 vTint;
varying float vStrength;
void main() {
  vTint = tint;
  vec4 seen = modelViewMatrix * vec4(position, 1.0);
  float depth = -seen.z / home;
  // What is farther away is fainter.
  vStrength = strength * clamp(1.5 - 0.5 * depth, 0.35, 1.0);
  gl_PointSize = clamp(width * ratio / depth, 1.5, 40.0 * ratio);
  gl_Position = projectionMatrix * seen;
}`;
const fragmentShader = `
varying vec3 vTint;
varying float vStrength;
void main() {
  float away = length(gl_PointCoord - 0.5);
  if (away > 0.5) discard;
  gl_FragColor = vec4(vTint, vStrength * smoothstep(0.5, 0.35, away));
}`;

/** Round points in one draw call. `home`: the distance at which they are as wide as they are said to be. */
export const roundPoints = () => {
  const uniforms = { width: { value: 7 }, strength: { value: 0.9 }, ratio: { value: 1 }, home: { value: 1 } };
  const geometry = new BufferGeometry();
  const material = new ShaderMaterial({ vertexShader, fragmentShader, transparent: true, depthWrite: false, uniforms });
  const points = new Points(geometry, material);
  points.frustumCulled = false;
  return {
    points,
    uniforms,
    /** @param tints red, green and blue of each, a byte each */
    set(places: Float32Array, tints: Uint8Array): void {
      geometry.setAttribute('position', new BufferAttribute(places, 3));
      geometry.setAttribute('tint', new BufferAttribute(tints, 3, true));
      geometry.setDrawRange(0, places.length / 3);
    },
    /** Only so many of the first ones. */
    draw(count: number): void {
      geometry.setDrawRange(0, count);
    },
    dispose(): void {
      geometry.dispose();
      material.dispose();
    },
  };
};
export type RoundPoints = ReturnType<typeof roundPoints>;
