import {
  BufferAttribute,
  BufferGeometry,
  Color,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  Points,
  Scene,
  ShaderMaterial,
  SphereGeometry,
  Vector3,
  WebGLRenderer,
} from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';

/** What one drawn point looks like. */
export interface CloudPoint {
  x: number;
  y: number;
  z: number;
  colour: string;
  /** In pixels at the distance that a map opens at. */
  size: number;
  dimmed: boolean;
}

const vertexShader = `
attribute vec3 tint;
attribute float width;
attribute float strength;
uniform float ratio;
varying vec3 vTint;
varying float vStrength;
void main() {
  vTint = tint;
  vStrength = strength;
  vec4 seen = modelViewMatrix * vec4(position, 1.0);
  gl_PointSize = clamp(width * ratio * 2.6 / -seen.z, 2.0, 40.0 * ratio);
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

const startDistance = 2.6;
/** A point is under the pointer within this many pixels. */
const pickPixels = 10;

/** The picture: points in three dimensions that can be turned, approached and pointed at. Draws only when something has changed. */
export class Cloud {
  private readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly camera = new PerspectiveCamera(50, 1, 0.01, 20);
  private readonly controls: OrbitControls;
  private readonly geometry = new BufferGeometry();
  private readonly material: ShaderMaterial;
  private readonly landing = new Mesh(new SphereGeometry(0.035, 16, 12), new MeshBasicMaterial({ color: '#ff3d71', wireframe: true }));
  private places = new Float32Array();
  private isDue = false;
  private readonly watching: ResizeObserver;

  /** @throws when the browser has no WebGL */
  constructor(canvas: HTMLCanvasElement) {
    // Kept for whoever takes a picture of the page.
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true, preserveDrawingBuffer: true });
    this.material = new ShaderMaterial({
      vertexShader,
      fragmentShader,
      transparent: true,
      depthWrite: false,
      uniforms: { ratio: { value: 1 } },
    });
    const points = new Points(this.geometry, this.material);
    points.frustumCulled = false;
    this.landing.visible = false;
    this.scene.add(points, this.landing);
    this.camera.position.set(0.6, 0.5, startDistance);
    this.controls = new OrbitControls(this.camera, canvas);
    this.controls.minDistance = 0.05;
    this.controls.maxDistance = 8;
    this.controls.listenToKeyEvents(canvas);
    this.controls.addEventListener('change', () => this.draw());
    this.watching = new ResizeObserver(() => this.fit());
    this.watching.observe(canvas);
    this.fit();
  }

  /** Replaces what is shown. */
  show(points: readonly CloudPoint[]): void {
    this.places = Float32Array.from(points.flatMap(({ x, y, z }) => [x, y, z]));
    // The shader writes what it is given: as the page has it, not in the linear space that three.js computes in.
    const colour = new Color();
    const tints = new Float32Array(points.length * 3);
    points.forEach((point, index) => {
      colour
        .set(point.colour)
        .convertLinearToSRGB()
        .toArray(tints, index * 3);
    });
    this.geometry.setAttribute('position', new BufferAttribute(this.places, 3));
    this.geometry.setAttribute('tint', new BufferAttribute(tints, 3));
    this.geometry.setAttribute(
      'width',
      new BufferAttribute(
        Float32Array.from(points, ({ size }) => size),
        1,
      ),
    );
    this.geometry.setAttribute(
      'strength',
      new BufferAttribute(
        Float32Array.from(points, ({ dimmed }) => (dimmed ? 0.12 : 0.92)),
        1,
      ),
    );
    this.draw();
  }

  /** Marks where a question lies; null takes the mark away. */
  mark(place: { x: number; y: number; z: number } | null): void {
    this.landing.visible = place !== null;
    if (place !== null) this.landing.position.set(place.x, place.y, place.z);
    this.draw();
  }

  /** Moves in on a place, or back to the whole. */
  lookAt(place: { x: number; y: number; z: number } | null): void {
    const target = place === null ? new Vector3() : new Vector3(place.x, place.y, place.z);
    const from = this.camera.position.clone().sub(this.controls.target).normalize();
    this.controls.target.copy(target);
    this.camera.position.copy(target).addScaledVector(from, place === null ? startDistance : 0.7);
    this.controls.update();
    this.draw();
  }

  /** Turns by some radians to the right, and comes nearer by a factor: for keys. */
  turn(angle: number, nearer = 1): void {
    const offset = this.camera.position.clone().sub(this.controls.target);
    offset.applyAxisAngle(new Vector3(0, 1, 0), angle).multiplyScalar(1 / nearer);
    this.camera.position.copy(this.controls.target).add(offset);
    this.controls.update();
    this.draw();
  }

  /** Index of the point under a place on the canvas, in CSS pixels from its corner. */
  pick(left: number, top: number): number | undefined {
    const { clientWidth, clientHeight } = this.renderer.domElement;
    const seen = new Vector3();
    let best: number | undefined;
    let nearest = pickPixels;
    for (let index = 0; index < this.places.length / 3; index++) {
      seen.fromArray(this.places, index * 3).project(this.camera);
      if (seen.z > 1) continue;
      const away = Math.hypot(((seen.x + 1) / 2) * clientWidth - left, ((1 - seen.y) / 2) * clientHeight - top);
      if (away < nearest) [nearest, best] = [away, index];
    }
    return best;
  }

  dispose(): void {
    this.watching.disconnect();
    this.controls.dispose();
    this.geometry.dispose();
    this.material.dispose();
    this.renderer.dispose();
  }

  private fit(): void {
    const { clientWidth, clientHeight } = this.renderer.domElement;
    if (clientWidth === 0 || clientHeight === 0) return;
    const ratio = Math.min(2, window.devicePixelRatio);
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(clientWidth, clientHeight, false);
    const uniform = this.material.uniforms.ratio;
    if (uniform !== undefined) uniform.value = ratio;
    this.camera.aspect = clientWidth / clientHeight;
    this.camera.updateProjectionMatrix();
    this.draw();
  }

  private draw(): void {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.renderer.render(this.scene, this.camera);
    });
  }
}
